import type { Type } from '@nestjs/common';
import type { Route, RouteParameter } from './entrance.js';
import { pathParameters } from './http-entrances.js';
import type { JsonSchema } from './json-schema.js';

/** Nest’s numbers for what a parameter of a handler is taken from. */
const KINDS: Readonly<Record<string, 'body' | RouteParameter['in']>> = {
  3: 'body',
  4: 'query',
  5: 'path',
  6: 'header',
};

interface HandlerParameter {
  readonly index: number;
  /** The name in `@Query('page')`; nothing in `@Query()`. */
  readonly data?: unknown;
  readonly pipes?: readonly unknown[];
  readonly schema?: unknown;
}

/** What a handler takes, from the decorators of its parameters. */
export function parametersOf(type: Type<unknown>, method: string, path: string): Pick<Route, 'parameters' | 'body'> {
  const all = Object.entries((routeArguments(type, method) ?? {}) as Record<string, HandlerParameter>);
  const named: RouteParameter[] = [];
  const bodies: JsonSchema[] = [];
  let body: Route['body'] = null;
  for (const [key, parameter] of all) {
    const kind = KINDS[key.split(':')[0] ?? ''];
    const schema = standardSchema(parameter.schema) ?? pipeSchema(parameter.pipes ?? []);
    if (kind === 'body') {
      if (typeof parameter.data === 'string')
        bodies.push({ properties: { [parameter.data]: schema ?? {} }, required: [parameter.data] });
      else if (schema) bodies.push(schema);
      else body = 'unknown';
    } else if (kind !== undefined && typeof parameter.data === 'string') {
      named.push({ in: kind, name: parameter.data, isRequired: kind === 'path', schema });
    } else if (kind === 'query' && schema?.properties) {
      for (const [name, each] of Object.entries(schema.properties)) {
        named.push({ in: 'query', name, isRequired: schema.required?.includes(name) ?? false, schema: each });
      }
    }
  }
  if (body === null && bodies.length > 0) body = bodies.length === 1 ? (bodies[0] as JsonSchema) : { allOf: bodies };
  const inPath = pathParameters(path).map(
    (parameter) => named.find(({ in: place, name }) => place === 'path' && name === parameter.name) ?? parameter,
  );
  return { parameters: [...inPath, ...named.filter((each) => each.in !== 'path')], body };
}

function routeArguments(type: Type<unknown>, method: string): unknown {
  const { getMetadata } = Reflect as unknown as { getMetadata(key: string, of: object, property: string): unknown };
  return getMetadata('__routeArguments__', type, method);
}

/** A schema that can say itself as JSON Schema, such as those of zod. */
function standardSchema(schema: unknown): JsonSchema | null {
  const standard = (schema as { '~standard'?: { jsonSchema?: { input?(options: object): unknown } } } | undefined)?.[
    '~standard'
  ];
  try {
    return (standard?.jsonSchema?.input?.({ target: 'draft-2020-12' }) as JsonSchema | undefined) ?? null;
  } catch {
    return null;
  }
}

const BY_PIPE: Readonly<Record<string, JsonSchema>> = {
  ParseIntPipe: { type: 'integer' },
  ParseFloatPipe: { type: 'number' },
  ParseBoolPipe: { type: 'boolean' },
  ParseUUIDPipe: { type: 'string', format: 'uuid' },
  ParseDatePipe: { type: 'string', format: 'date-time' },
};

/** What Nest’s own pipes let through. */
function pipeSchema(pipes: readonly unknown[]): JsonSchema | null {
  for (const pipe of pipes) {
    const name = typeof pipe === 'function' ? pipe.name : (pipe as object | null)?.constructor?.name;
    if (name === 'ParseEnumPipe') {
      const { enumType } = pipe as { readonly enumType?: Readonly<Record<string, unknown>> };
      return { enum: Object.values(enumType ?? {}) };
    }
    const schema = BY_PIPE[name ?? ''];
    if (schema) return schema;
  }
  return null;
}
