import type { Route, RouteParameter } from '../../discovery/entrance.js';
import type { JsonSchema } from '../../discovery/json-schema.js';
import { sourceWords } from '../../discovery/source-words.js';
import type { HttpRequest } from '../../http-request.js';
import type { Target } from '../target/target.js';
import { alone, inBody, inCookie, inHeader, inQuery, type Variation } from '../target/variation.js';
import { ownOf, TENANT_FIELDS, type ValueSource, valuesFor } from './values.js';

/** Headers that an application may look at without saying so. */
const USUAL: readonly (readonly [name: string, value: string])[] = [
  ...['text/csv', 'application/xml', 'text/html', 'text/plain', 'application/x-ndjson'].map(
    (type) => ['accept', type] as const,
  ),
  ['range', 'bytes=0-'],
  ['range', 'bytes=0-999999'],
  ['last-event-id', '0'],
  ['last-event-id', '1'],
  ['prefer', 'return=representation'],
];

/** Inputs that both tenants may give alike: what is kept under one of them alone is everybody's. */
export const IN_COMMON: readonly Variation[] = [
  {
    name: 'the same Idempotency-Key, X-Request-Id and traceparent',
    change: (request) => ({
      ...request,
      headers: {
        ...request.headers,
        'idempotency-key': 'the-same-for-both',
        'x-request-id': 'the-same-for-both',
        'x-correlation-id': 'the-same-for-both',
        traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      },
    }),
  },
  inHeader('accept-language', 'de'),
];

/**
 * Everything that the entrance may take beside what an example holds: inputs that may be left out, with each value worth trying, and
 * headers that nobody declares.
 */
export function variationsOf(target: Target, request: HttpRequest): readonly Variation[] {
  const { entrance, harness, other } = target;
  const { route } = entrance;
  if (!route) return [];
  const words = sourceWords(harness.app, entrance);
  const source = { other, theirs: harness.planted(other), words: words.values };
  const declared = route.parameters.filter((each) => each.in !== 'path');
  const query = named(declared, 'query', words.query).flatMap(({ name, schema }) =>
    [...valuesFor(name, schema, source), ...(schema === null ? filters(source) : [])].map((value) =>
      inQuery(name, value),
    ),
  );
  const headers = named(declared, 'header', words.header).flatMap(({ name, schema }) =>
    valuesFor(name, schema, source).flatMap((value) => (value === '' ? [] : [inHeader(name, String(value))])),
  );
  const cookies = words.cookie.flatMap((name) => [other.slug, other.id, 'true'].map((value) => inCookie(name, value)));
  const usual = USUAL.map(([name, value]) => inHeader(name, value));
  return [...query, ...keys(route, source), ...headers, ...cookies, ...bodies(target, request, source), ...usual];
}

function named(parameters: readonly RouteParameter[], place: 'query' | 'header', more: readonly string[]) {
  const declared = parameters.filter((each) => each.in === place);
  const others = more.filter((name) => !declared.some((each) => each.name.toLowerCase() === name.toLowerCase()));
  return [...declared, ...others.map((name) => ({ name, schema: null }))];
}

/** Second keys to a row: `?email=…` in place of `?id=…`. */
function keys({ parameters, body, optionalVariables = {} }: Route, source: ValueSource): readonly Variation[] {
  const given = typeof body === 'object' ? (body?.properties ?? {}) : {};
  const needed = typeof body === 'object' ? (body?.required ?? []) : [];
  const inVariables = Object.keys({ ...given, ...optionalVariables }).map((name) => ({
    name,
    put: (value: unknown) => inBody(['variables', name], value),
    isRequired: (each: string) => needed.includes(each),
  }));
  const query = parameters.filter((each) => each.in === 'query');
  const inParameters = query.map(({ name }) => ({
    name,
    put: (value: unknown) => inQuery(name, value),
    isRequired: (each: string) => query.some((one) => one.name === each && one.isRequired),
  }));
  return [
    ...inParameters,
    ...(optionalVariables && Object.keys(optionalVariables).length > 0 ? inVariables : []),
  ].flatMap(({ name, put, isRequired }) => ownOf(name, source).map((value) => alone(put(value), isRequired)));
}

/** A parameter of which nothing is known may be an object: `?where[tenantId]=…`. */
function filters({ other }: ValueSource): object[] {
  return TENANT_FIELDS.slice(0, 3).map((name) => ({ [name]: other.id }));
}

/** Fields that may be left out, and other values of flags and lists of words that are given. */
function bodies({ entrance: { route } }: Target, { body }: HttpRequest, source: ValueSource): readonly Variation[] {
  if (!route) return [];
  if (route.document !== undefined) {
    const fields = Object.entries(route.optionalVariables ?? {});
    const given = typeof route.body === 'object' ? (route.body?.properties ?? {}) : {};
    return [...fields, ...Object.entries(given).filter(([, schema]) => isChoice(schema))].flatMap(([name, schema]) =>
      valuesFor(name, schema, source).map((value) => inBody(['variables', name], value)),
    );
  }
  if (typeof route.body !== 'object' || route.body === null) return [];
  const left = fieldsOf(route.body, body, []).flatMap(({ path, schema }) =>
    valuesFor(String(path.at(-1)), schema, source).map((value) => inBody(path, value)),
  );
  return [...listsIn(body, []).map((path) => inBody(path, [])), ...left];
}

/** Lists that are given: an empty one may be taken for all. */
function listsIn(value: unknown, path: readonly string[]): readonly (readonly string[])[] {
  if (Array.isArray(value)) return path.length > 0 ? [path] : [];
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return [];
  return Object.entries(value).flatMap(([key, each]) => listsIn(each, [...path, key]));
}

/** Every flag and every word of a list in the body as its other value, where there is one: what one tenant has chosen, and another has not. */
export function chosenOtherwise({ entrance: { route } }: Target, { body }: HttpRequest): Variation | null {
  if (!route || typeof route.body !== 'object' || route.body === null) return null;
  const inside =
    route.document === undefined ? body : (body as { readonly variables?: unknown } | undefined)?.variables;
  const above = route.document === undefined ? [] : ['variables'];
  const choices = fieldsOf(route.body, inside, above).filter(({ schema }) => isChoice(schema));
  if (choices.length === 0) return null;
  const changes = choices.map(({ path, schema }) => inBody(path, schema.enum ? schema.enum.at(-1) : false));
  return {
    name: changes.map(({ name }) => name).join(', '),
    change: (request) => changes.reduce((changed, { change }) => change(changed), request),
  };
}

function isChoice(schema: JsonSchema): boolean {
  return schema.type === 'boolean' || schema.enum !== undefined;
}

interface Field {
  readonly path: readonly (string | number)[];
  readonly schema: JsonSchema;
}

function fieldsOf(schema: JsonSchema, body: unknown, above: Field['path']): readonly Field[] {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return [];
  return Object.entries(schema.properties ?? {}).flatMap(([name, inner]): readonly Field[] => {
    const path = [...above, name];
    const value = (body as Readonly<Record<string, unknown>>)[name];
    if (value === undefined || isChoice(inner)) return [{ path, schema: inner }];
    return fieldsOf(inner, value, path);
  });
}
