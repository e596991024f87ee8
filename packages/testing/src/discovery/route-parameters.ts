import type { Type } from '@nestjs/common';
import { classSchema } from './class-schema.js';
import type { Route, RouteParameter } from './entrance.js';
import { metadataOf } from './handlers.js';
import type { JsonSchema } from './json-schema.js';
import { parametersInPath } from './path-pattern.js';
import { pipeSchema, refusesNothing } from './pipe-schema.js';
import { standardSchema } from './standard-schema.js';

/** Nest's numbers for what a parameter of a handler is taken from. */
const KINDS: Readonly<Record<string, 'body' | 'bytes' | RouteParameter['in']>> = {
  3: 'body',
  4: 'query',
  5: 'path',
  6: 'header',
  8: 'bytes', // an uploaded file
  9: 'bytes', // several
  12: 'bytes', // the body as it came
};

interface HandlerParameter {
  readonly index: number;
  /** The name in `@Query('page')`; nothing in `@Query()`. */
  readonly data?: unknown;
  readonly pipes?: readonly unknown[];
  readonly schema?: unknown;
}

/** The parameters of a handler, from their decorators. */
export function parametersOf(type: Type<unknown>, method: string, path: string): Pick<Route, 'parameters' | 'body'> {
  const declared = (metadataOf('__routeArguments__', type, method) ?? {}) as Record<string, HandlerParameter>;
  const classes = (metadataOf('design:paramtypes', type.prototype as object, method) ?? []) as readonly unknown[];
  const named: RouteParameter[] = [];
  const bodies: (JsonSchema | 'unknown')[] = [];
  for (const [key, { index, data, pipes = [], schema: standard }] of Object.entries(declared)) {
    const kind = KINDS[key.split(':')[0] ?? ''];
    if (kind === undefined) continue;
    const name = typeof data === 'string' ? data : null;
    const schema = standardSchema(standard) ?? pipeSchema(pipes) ?? classSchema(classes[index]);
    if (kind === 'bytes') bodies.push('unknown');
    else if (kind === 'body') {
      bodies.push(name === null ? (schema ?? 'unknown') : { properties: { [name]: schema ?? {} }, required: [name] });
    } else if (name !== null) {
      named.push({ in: kind, name, isRequired: kind === 'path' || !refusesNothing(pipes), schema });
    } else if (kind !== 'header') {
      named.push(
        ...Object.entries(schema?.properties ?? {}).map(([each, of]): RouteParameter => {
          return { in: kind, name: each, isRequired: schema?.required?.includes(each) ?? false, schema: of };
        }),
      );
    }
  }
  const inPath = parametersInPath(path).map((parameter) => {
    const known = named.find(({ in: place, name }) => place === 'path' && name === parameter.name);
    return known ? { ...parameter, schema: known.schema } : parameter;
  });
  return { parameters: [...inPath, ...named.filter((each) => each.in !== 'path')], body: together(bodies) };
}

function together(bodies: readonly (JsonSchema | 'unknown')[]): Route['body'] {
  const known = bodies.filter((body) => body !== 'unknown');
  // `@Body('title') title, @Body() all`: what is known of it is a part of it.
  if (known.length === 0) return bodies.length > 0 ? 'unknown' : null;
  return known.length === 1 ? (known[0] as JsonSchema) : { allOf: known };
}
