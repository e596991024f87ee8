import type { Tenant } from '@tenancy/core';
import type { Planted, PlantedRow } from '../../canaries/planted.js';
import { SEARCH } from '../../discovery/example-values.js';
import type { JsonSchema } from '../../discovery/json-schema.js';
import { idOf, rowNamed, rowOfField } from '../../discovery/planted-lookup.js';

/** Names that a tenant may have in a filter, a header or a body. */
export const TENANT_FIELDS = [
  'tenantId',
  'tenant_id',
  'tenant',
  'organizationId',
  'orgId',
  'companyId',
  'accountId',
  'workspaceId',
];

/** The other tenant, of whose values a hostile input is made, and the words of the code behind the entrance. */
export interface ValueSource {
  readonly other: Tenant;
  readonly theirs: Planted;
  readonly words: readonly string[];
}

/** Flags, small numbers, wildcards, and moments before and after every row. */
const PLAIN = [
  ...['true', '1', '2', '0', '', 'all', '%', '_', '*', 'null', '4102444800'],
  // What ends a pattern or a statement that the value is pasted into, and goes on for all rows.
  ...['|.*', "' or '1'='1"],
  ...['2000-01-01T00:00:00.000Z', '2100-01-01T00:00:00.000Z'],
];

/** Values worth trying of an input: what its schema lists, common flags and wildcards, words of the code, and the other's own. */
export function valuesFor(name: string, schema: JsonSchema | null, source: ValueSource): readonly unknown[] {
  const { enum: listed, items, properties, anyOf, oneOf, allOf } = schema ?? {};
  const parts = [...(anyOf ?? []), ...(oneOf ?? []), ...(allOf ?? [])];
  if (parts.length > 0) return [...new Set(parts.flatMap((part) => valuesFor(name, part, source)))];
  if (listed) return listed;
  const type = [schema?.type].flat().find((each) => each !== 'null');
  if (type === 'boolean') return [true, false];
  if (type === 'integer' || type === 'number') return numbersFor(schema ?? {});
  if (type === 'object' || properties) return objectsFor(properties ?? {}, source);
  if (type === 'array') return valuesFor(name, items ?? null, source).map((each) => [each]);
  return [
    ...new Set([
      ...ownOf(name, source),
      ...misspelt(name, source),
      source.other.slug,
      source.other.id,
      ...source.words,
      ...PLAIN,
    ]),
  ];
}

/** The beginning of one of the other's texts with a letter too many: a search that finds nothing may propose what it knows. */
function misspelt(name: string, { theirs }: ValueSource): string[] {
  if (!SEARCH.test(name)) return [];
  const texts = Object.values(theirs).flatMap((each) => Object.values([each].flat()[0] as PlantedRow));
  const words = texts.filter((text) => typeof text === 'string' && /^\p{L}{5}/u.test(text)) as string[];
  return [...new Set(words.map((text) => text.slice(0, 5) + text.slice(4, 6)))].slice(0, 3);
}

function numbersFor({ minimum = 0, maximum = Number.POSITIVE_INFINITY }: JsonSchema): number[] {
  return [0, 1, 2, 10, 1_000].filter((each) => each >= minimum && each <= maximum);
}

function objectsFor(properties: Readonly<Record<string, JsonSchema>>, source: ValueSource): object[] {
  const known = Object.entries(properties).flatMap(([name, schema]) =>
    valuesFor(name, schema, source).map((value) => ({ [name]: value })),
  );
  return [...known, ...TENANT_FIELDS.map((name) => ({ [name]: source.other.id }))];
}

/** Values of the other's rows: of a column of that name, ids of the row that the name speaks of, or of each where it speaks of ids alone. */
export function ownOf(name: string, { theirs }: ValueSource): unknown[] {
  const rows = Object.values(theirs).map((each) => [each].flat()[0] as PlantedRow);
  const columns = rows
    .map((row) => row[name])
    .filter((value) => typeof value === 'string' || typeof value === 'number');
  const row = rowOfField(theirs, name, null) ?? rowNamed(theirs, name);
  const isRef = /ids?$|^(include|expand|with|filter|after|before|cursor|ref|key)/i.test(name);
  const ids = (row ? [row] : isRef ? rows : []).map(idOf).filter((id) => id !== undefined);
  return [...new Set([...columns, ...ids])];
}
