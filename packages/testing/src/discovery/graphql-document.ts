import { SEARCH } from './example-values.js';
import {
  bare,
  type GraphArgument,
  type GraphField,
  type GraphSchema,
  type GraphType,
  isRequired,
} from './graphql-schema.js';
import type { JsonSchema } from './json-schema.js';

/** Leaks through nested fields are two or three objects away from where a query begins. */
const DEPTH = 3;

export interface GraphDocument {
  readonly text: string;
  /** Of its variables. */
  readonly variables: JsonSchema;
  /** Of variables that may be left out, and that examples leave out. */
  readonly optionalVariables: Readonly<Record<string, JsonSchema>>;
}

/** Asks for one field, and all that hangs on it. What it asks for is noted in `reached`, as `Job.title`. */
export function documentOf(
  keyword: 'query' | 'mutation' | 'subscription',
  field: GraphField,
  schema: GraphSchema,
  reached: Set<string>,
): GraphDocument {
  const args = field.args ?? [];
  const given = args.filter((arg) => isRequired(arg) || namesRows(arg));
  const left = args.filter((arg) => !given.includes(arg));
  const nested = new Map<string, GraphArgument>();
  const selection = new Selection(schema, reached, nested).of(bare(field.type), DEPTH);
  const declared = [...args.map((arg) => [arg.name, arg] as const), ...nested];
  const variables = declared.map(([name, arg]) => `$${name}: ${variableType(arg)}`).join(', ');
  const passed = args.map(({ name }) => `${name}: $${name}`).join(', ');
  return {
    text: `${keyword}${variables && ` (${variables})`} { ${field.name}${passed && `(${passed})`}${selection} }`,
    variables: objectOf(given, DEPTH),
    // A variable that is not given is an argument that is not.
    optionalVariables: {
      ...objectOf(left, DEPTH).properties,
      ...Object.fromEntries([...nested].map(([name, { type }]) => [name, schemaOf(type, DEPTH)])),
    },
  };
}

/** Of an argument that falls back on a value of its own, the variable may be left out. */
function variableType(arg: GraphArgument): string {
  return isRequired(arg) ? String(arg.type) : String(arg.type).replace(/!$/, '');
}

/** True for what names rows or searches: it is filled too where it may be left out; filters and pages might hide the tenant's own. */
function namesRows({ name, type }: GraphArgument): boolean {
  const { name: of } = bare(type);
  return (of === 'ID' || of === 'String' || of === 'Int') && (/ids?$/i.test(name) || SEARCH.test(name));
}

class Selection {
  constructor(
    private readonly schema: GraphSchema,
    private readonly reached: Set<string>,
    /** Arguments of fields below the first, which may be left out, by the names of their variables. */
    private readonly args: Map<string, GraphArgument>,
  ) {}

  of(type: GraphType, depth: number): string {
    const fields = this.#fieldsOf(type, depth);
    if (type.getFields && !this.#isAbstract(type)) return ` { ${fields.join(' ') || '__typename'} }`;
    if (!this.#isAbstract(type)) return '';
    const common = Object.keys(type.getFields?.() ?? {});
    const each = this.#possible(type).map((one) => {
      const own = this.#fieldsOf(one, depth, common, `${one.name}_`);
      return own.length > 0 ? `... on ${one.name} { ${own.join(' ')} }` : '';
    });
    return ` { ${['__typename', ...fields, ...each.filter((text) => text !== '')].join(' ')} }`;
  }

  #isAbstract(type: GraphType): boolean {
    return type.getTypes !== undefined || this.#possible(type).some((each) => each !== type);
  }

  #possible(type: GraphType): readonly GraphType[] {
    if (type.getTypes) return type.getTypes();
    try {
      return this.schema.getPossibleTypes?.(type) ?? [];
    } catch {
      // Of what is not abstract there are none.
      return [];
    }
  }

  /**
   * @param without - what the interface of the type is asked for already
   * @param prefix - of the names in the answer, as two types of a union may use one name for different things
   */
  #fieldsOf(type: GraphType, depth: number, without: readonly string[] = [], prefix = ''): string[] {
    return Object.values(type.getFields?.() ?? {}).flatMap((field) => {
      if ((field.args ?? []).some(isRequired)) return [];
      const inner = bare(field.type);
      const isLeaf = !inner.getFields && !inner.getTypes;
      if (!isLeaf && depth <= 1) return [];
      this.reached.add(`${type.name}.${field.name}`);
      if (without.includes(field.name)) return [];
      const alias = prefix && `${prefix}${field.name}: `;
      return [`${alias}${field.name}${this.#passed(type, field)}${isLeaf ? '' : this.of(inner, depth - 1)}`];
    });
  }

  #passed(type: GraphType, { name: field, args = [] }: GraphField): string {
    const passed = args.map((arg) => {
      const variable = `${type.name}_${field}_${arg.name}`;
      this.args.set(variable, arg);
      return `${arg.name}: $${variable}`;
    });
    return passed.length > 0 ? `(${passed.join(', ')})` : '';
  }
}

function objectOf(fields: readonly GraphArgument[], depth: number): JsonSchema {
  return {
    type: 'object',
    properties: Object.fromEntries(fields.map(({ name, type }) => [name, schemaOf(type, depth)])),
    required: fields.filter(isRequired).map(({ name }) => name),
  };
}

const SCALARS: Readonly<Record<string, JsonSchema>> = {
  Int: { type: 'integer' },
  Float: { type: 'number' },
  Boolean: { type: 'boolean' },
  DateTime: { type: 'string', format: 'date-time' },
  Timestamp: { type: 'number' },
};

function schemaOf(type: GraphType, depth: number): JsonSchema {
  const inner = bare(type);
  if (String(type).startsWith('[')) return { type: 'array', items: schemaOf(inner, depth) };
  if (inner.getValues) return { enum: inner.getValues().map(({ name }) => name) };
  if (!inner.getFields) return SCALARS[inner.name ?? ''] ?? { type: 'string' };
  return depth > 0 ? objectOf(Object.values(inner.getFields()), depth - 1) : { type: 'object' };
}
