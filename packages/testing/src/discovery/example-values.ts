import type { Planted } from '../canaries/planted.js';
import type { JsonSchema } from './json-schema.js';
import { holdsCanaries, idOf, rowNamed, rowOfField } from './planted-lookup.js';

/** A value, or why there is none that would make sense. */
export type Guess = { readonly value: unknown } | { readonly unknown: string };

/** Names of parameters that look for words: a search for one that every tenant's texts hold finds whatever a search leaks. */
export const SEARCH = /^(q|query|search|search_?(?:term|text|query)|term|keywords?)$/i;

/** Makes values that a handler may take, from their names, their schemas and the rows that are there. */
export class ExampleValues {
  constructor(
    private readonly planted: Planted,
    /** The resource that the request is about: `job` of `/jobs/:id` and of `updateJob`. */
    private readonly resource: string | null,
    /** A text that nobody else has. */
    private readonly invent: (name: string) => string,
  ) {}

  /** By its name alone, when it names a row. */
  row(name: string): Guess | null {
    const row = rowOfField(this.planted, name, this.resource) ?? rowNamed(this.planted, name);
    const id = idOf(row);
    if (id !== undefined) return { value: id };
    const own = this.resource === null ? undefined : rowNamed(this.planted, this.resource)?.[name];
    return own === undefined || own === null || typeof own === 'object' ? null : { value: own };
  }

  of(name: string, schema: JsonSchema): Guess {
    const { allOf, anyOf, oneOf } = schema;
    if (allOf) return this.of(name, merged(allOf));
    const choice = (anyOf ?? oneOf)?.find(({ type }) => type !== 'null');
    if (choice) return this.of(name, choice);
    const given = [schema.const, schema.example, schema.examples?.[0], schema.enum?.[0]].find(
      (each) => each !== undefined,
    );
    if (given !== undefined) return { value: given };
    const type = [schema.type].flat().find((each) => each !== 'null');
    if (type === 'object' || schema.properties) return this.#object(schema);
    if (type === 'array') return this.#array(name, schema);
    const named = rowOfField(this.planted, name, this.resource);
    if (named && idOf(named) !== undefined) return { value: idOf(named) };
    if (/.id$/i.test(name) || schema.format === 'uuid') {
      return { unknown: `nothing that was planted is named by \`${name}\`` };
    }
    if (type === 'integer' || type === 'number') return { value: numberFor(schema) };
    if (type === 'boolean') return { value: schema.default ?? true };
    return this.#text(name, schema);
  }

  /** Null where it may be left out, and nothing would be found. */
  search(name: string, schema: JsonSchema, isRequired: boolean): Guess | null {
    const type = [schema.type ?? 'string'].flat()[0];
    if (type === 'string' && !schema.enum && holdsCanaries(this.planted)) return { value: 'canary' };
    return isRequired ? this.of(name, schema) : null;
  }

  #object({ properties = {}, required = [] }: JsonSchema): Guess {
    const made: Record<string, unknown> = {};
    for (const [name, schema] of Object.entries(properties)) {
      const guess = SEARCH.test(name) ? this.search(name, schema, required.includes(name)) : this.of(name, schema);
      if (guess === null) continue;
      if ('value' in guess) made[name] = guess.value;
      else if (required.includes(name)) return guess;
    }
    return { value: made };
  }

  #array(name: string, { items = {}, minItems = 1 }: JsonSchema): Guess {
    const item = this.of(name.replace(/s$/, ''), items);
    return 'value' in item ? { value: Array.from({ length: Math.max(1, minItems) }, () => item.value) } : item;
  }

  #text(name: string, { format, pattern, minLength = 0, maxLength = Number.POSITIVE_INFINITY }: JsonSchema): Guess {
    const plain = this.invent(name);
    const text = FORMATS[format ?? (/email/i.test(name) ? 'email' : '')]?.(plain) ?? plain;
    const fitting = text.padEnd(minLength, 'x').slice(-Math.min(maxLength, 10_000));
    if (pattern === undefined || format !== undefined || matches(pattern, fitting)) return { value: fitting };
    const usual = USUAL.find((each) => each.length >= minLength && each.length <= maxLength && matches(pattern, each));
    return usual === undefined ? { unknown: `\`${name}\` must match ${pattern}` } : { value: usual };
  }
}

const oneWord = (text: string) => text.replaceAll(/[^\w.-]+/g, '-');

const FORMATS: Readonly<Record<string, (plain: string) => string>> = {
  email: (plain) => `${oneWord(plain)}@example.test`,
  uri: (plain) => `https://example.test/${oneWord(plain)}`,
  'date-time': () => '2030-01-02T03:04:05.000Z',
  date: () => '2030-01-02',
  time: () => '03:04:05',
};

/** Values that patterns often ask for. */
const USUAL = [
  ...['word', 'two-words', 'two_words', 'Word', 'Two words', 'WORD', 'AB', 'ABC', 'abc123', 'ABC-123', 'ab', 'A1'],
  ...['1', '12', '123', '1234', '12345', '123456', '12345678', '12.50', '+4930123456', '1.2.3'],
  ...['2030-01-02', '2030-01', '03:04', '#a0b1c2', 'example.test', 'https://example.test', 'name@example.test'],
];

function numberFor({ minimum, exclusiveMinimum, maximum, multipleOf = 1 }: JsonSchema): number {
  const least = minimum ?? (exclusiveMinimum === undefined ? 1 : exclusiveMinimum + multipleOf);
  // Integers of JavaScript are what zod says their least value is.
  const from = least < -1e9 ? 1 : Math.ceil(least / multipleOf) * multipleOf;
  return maximum !== undefined && from > maximum ? maximum : from;
}

function merged(schemas: readonly JsonSchema[]): JsonSchema {
  return {
    type: 'object',
    properties: Object.assign({}, ...schemas.map(({ properties }) => properties)),
    required: schemas.flatMap(({ required = [] }) => required),
  };
}

function matches(pattern: string, text: string): boolean {
  try {
    return new RegExp(pattern, 'u').test(text);
  } catch {
    return false;
  }
}
