import type { INestApplication } from '@nestjs/common';
import type { Entrance } from './entrance.js';
import { componentsOf, isUntenanted, metadataOf, methodsOf } from './handlers.js';
import type { JsonSchema } from './json-schema.js';

/** The part of graphql-js’s types that is looked at. */
interface GraphType {
  readonly name?: string;
  readonly ofType?: GraphType;
  getFields?(): Readonly<Record<string, GraphField>>;
  getValues?(): readonly { readonly name: string }[];
  getTypes?(): readonly GraphType[];
  toString(): string;
}
interface GraphField {
  readonly name: string;
  readonly type: GraphType;
  readonly args?: readonly { readonly name: string; readonly type: GraphType; readonly defaultValue?: unknown }[];
}
interface GraphSchema {
  getQueryType(): GraphType | null | undefined;
  getMutationType(): GraphType | null | undefined;
  getSubscriptionType(): GraphType | null | undefined;
}

/** Leaks through nested fields are two or three objects away from where a query begins. */
const DEPTH = 3;

/** Each field of Query and Mutation, called by a document that asks for all that hangs on it. */
export function graphqlEntrances(app: INestApplication): readonly Entrance[] {
  const components = componentsOf(app);
  const host = components.find(({ type }) => type.name === 'GraphQLSchemaHost')?.instance as
    | { schema?: GraphSchema }
    | undefined;
  const schema = host && readSchema(host);
  if (!schema) return [];
  const handlers = new Map<string, { readonly name: string; readonly isUntenanted: boolean }>();
  for (const component of components) {
    for (const [name, method] of methodsOf(component)) {
      const kind = metadataOf('graphql:resolver_type', method);
      if (typeof kind !== 'string') continue;
      const field = metadataOf('graphql:resolver_name', method);
      handlers.set(`${kind}.${typeof field === 'string' ? field : name}`, {
        name: `${component.type.name}.${name}`,
        isUntenanted: isUntenanted(method, component.type),
      });
    }
  }
  const path = graphqlPath(app);
  const roots = [
    ['Query', schema.getQueryType(), 'query'],
    ['Mutation', schema.getMutationType(), 'mutation'],
    ['Subscription', schema.getSubscriptionType(), null],
  ] as const;
  return roots.flatMap(([root, type, keyword]) =>
    Object.values(type?.getFields?.() ?? {}).map((field): Entrance => {
      const handler = handlers.get(`${root}.${field.name}`);
      return {
        id: `graphql ${root}.${field.name}`,
        kind: 'graphql',
        handler: handler?.name ?? null,
        isUntenanted: handler?.isUntenanted ?? false,
        // A subscription has a connection of its own, which no single request is.
        route:
          keyword === null
            ? null
            : { method: 'POST', path, parameters: [], body: inputOf(field), document: documentOf(keyword, field) },
      };
    }),
  );
}

/** The address that all operations are sent to, or null without GraphQL. */
export function graphqlPath(app: INestApplication): string {
  try {
    const { path = '/graphql' } = app.get<{ path?: string }>('GqlModuleOptions', { strict: false });
    return path.startsWith('/') ? path : `/${path}`;
  } catch {
    return '/graphql';
  }
}

function readSchema(host: { schema?: GraphSchema }): GraphSchema | undefined {
  try {
    // It throws before there is one.
    return host.schema;
  } catch {
    return undefined;
  }
}

function documentOf(keyword: string, field: GraphField): string {
  const args = (field.args ?? []).filter(isNeeded);
  const variables = args.map(({ name, type }) => `$${name}: ${type}`).join(', ');
  const passed = args.map(({ name }) => `${name}: $${name}`).join(', ');
  const selection = selectionOf(bare(field.type), DEPTH);
  return `${keyword}${variables && ` (${variables})`} { ${field.name}${passed && `(${passed})`}${selection} }`;
}

/** What names rows is filled too where it may be left out. */
function isNeeded({ name, type }: { readonly name: string; readonly type: GraphType }): boolean {
  return String(type).endsWith('!') || /id$|search|query|filter|cursor|after/i.test(name);
}

function selectionOf(type: GraphType, depth: number): string {
  if (type.getTypes) {
    return ` { __typename ${type
      .getTypes()
      .map((each) => `... on ${each.name}${selectionOf(each, depth)}`)
      .join(' ')} }`;
  }
  if (!type.getFields) return '';
  const fields = Object.values(type.getFields()).flatMap(({ name, type: of, args = [] }) => {
    if (args.some((arg) => String(arg.type).endsWith('!'))) return [];
    const inner = bare(of);
    if (!inner.getFields && !inner.getTypes) return [name];
    return depth > 1 ? [`${name}${selectionOf(inner, depth - 1)}`] : [];
  });
  return ` { ${fields.length > 0 ? fields.join(' ') : '__typename'} }`;
}

function bare(type: GraphType): GraphType {
  return type.ofType ? bare(type.ofType) : type;
}

function inputOf(field: GraphField): JsonSchema {
  return objectOf(Object.fromEntries((field.args ?? []).filter(isNeeded).map(({ name, type }) => [name, type])), DEPTH);
}

function objectOf(fields: Readonly<Record<string, GraphType>>, depth: number): JsonSchema {
  return {
    type: 'object',
    properties: Object.fromEntries(Object.entries(fields).map(([name, type]) => [name, schemaOf(type, depth)])),
    required: Object.entries(fields).flatMap(([name, type]) => (String(type).endsWith('!') ? [name] : [])),
  };
}

const SCALARS: Readonly<Record<string, JsonSchema>> = {
  Int: { type: 'integer' },
  Float: { type: 'number' },
  Boolean: { type: 'boolean' },
  DateTime: { type: 'string', format: 'date-time' },
};

function schemaOf(type: GraphType, depth: number): JsonSchema {
  const inner = bare(type);
  const text = String(type).replace(/!$/, '');
  if (text.startsWith('[')) return { type: 'array', items: schemaOf(inner, depth) };
  if (inner.getValues) return { enum: inner.getValues().map(({ name }) => name) };
  if (inner.getFields && depth > 0) {
    return objectOf(
      Object.fromEntries(Object.values(inner.getFields()).map((each) => [each.name, each.type])),
      depth - 1,
    );
  }
  return SCALARS[inner.name ?? ''] ?? { type: 'string' };
}
