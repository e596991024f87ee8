import type { Planted } from '../canaries/planted.js';
import type { HttpRequest } from '../http-request.js';
import type { Route, RouteParameter } from './entrance.js';
import { ExampleValues, SEARCH } from './example-values.js';
import { fillPath } from './path-pattern.js';
import { resourceIn } from './planted-lookup.js';

/** The parts of a request that the author gives; the rest is guessed. */
export interface GivenParts {
  /** Of a route that takes every method. @defaultValue `POST` with a body, `GET` without */
  readonly method?: string;
  /** Parameters of the path, by name. */
  readonly path?: Readonly<Record<string, unknown>>;
  readonly query?: Readonly<Record<string, unknown>>;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Guessing {
  /** A text that nobody else has, for what is written. */
  readonly canary: (name: string) => string;
  readonly given: GivenParts;
}

/**
 * A request that the route takes, naming rows that were planted; or why none can be guessed. For the same rows and the same
 * texts it is the same, so that two tenants' requests differ just where they name rows.
 */
export function exampleRequest(
  route: Route,
  planted: Planted,
  { canary, given }: Guessing,
): HttpRequest | { readonly unknown: string } {
  const values = new ExampleValues(planted, resourceOf(route, planted), canary);
  const path = filledPath(route, values, planted, canary, given.path ?? {});
  if (typeof path !== 'string') return path;
  const query: Record<string, unknown> = {};
  for (const parameter of route.parameters.filter((each) => each.in === 'query')) {
    if (given.query && parameter.name in given.query) continue;
    const guess = queryValue(parameter, values);
    if (guess && 'unknown' in guess)
      return { unknown: `The query \`${parameter.name}\` cannot be guessed: ${guess.unknown}.` };
    if (guess) query[parameter.name] = guess.value;
  }
  const body = bodyOf(route, values, given);
  if ('unknown' in body) return body;
  const all = { ...query, ...given.query };
  const headers = { ...route.headers, ...given.headers };
  return {
    method: methodOf(route, given, body.value),
    path,
    ...(Object.keys(all).length > 0 && { query: all }),
    ...(body.value !== undefined && { body: body.value }),
    ...(Object.keys(headers).length > 0 && { headers }),
  };
}

const WITHOUT_BODY = ['GET', 'HEAD', 'DELETE', 'OPTIONS'];

function methodOf({ method }: Route, given: GivenParts, body: unknown): string {
  if (method !== 'ALL') return method;
  return given.method?.toUpperCase() ?? (body === undefined ? 'GET' : 'POST');
}

/** The resource that a request is about: `jobs` of `/jobs/:id/close` and of `/jobs/export`, `Job` of `renameJob`. */
function resourceOf({ path, document }: Route, planted: Planted): string | null {
  if (document !== undefined) return resourceIn(planted, /\{ (\w+)/.exec(document)?.[1] ?? '');
  const parts = path.split('/').filter((part) => part !== '');
  const first = parts.findIndex((part) => part.startsWith(':'));
  const fixed = first < 0 ? parts : parts.slice(0, first);
  return nearest(fixed.filter((part) => !/[:*{]/.test(part)).reverse(), planted);
}

/** The first of these that was planted; the first of all, where none was. */
function nearest(names: readonly string[], planted: Planted): string | null {
  return names.map((name) => resourceIn(planted, name)).find((name) => name !== null) ?? names[0] ?? null;
}

function filledPath(
  { path, parameters }: Route,
  values: ExampleValues,
  planted: Planted,
  canary: (name: string) => string,
  given: Readonly<Record<string, unknown>>,
): string | { readonly unknown: string } {
  const filled = fillPath(path, (name, before) => {
    if (name in given) return given[name];
    const row = new ExampleValues(planted, nearest(before, planted), canary).row(name);
    const schema = parameters.find((each) => each.in === 'path' && each.name === name)?.schema;
    const guess = row ?? (schema?.enum ? values.of(name, schema) : null);
    return guess && 'value' in guess ? guess.value : undefined;
  });
  if ('path' in filled) return filled.path;
  return { unknown: `The path parameter \`${filled.missing}\` names nothing that was planted.` };
}

/** Leaves out what may be left out, unless it names a row or searches: a filter or a page might hide the tenant's own rows. */
function queryValue({ name, isRequired, schema }: RouteParameter, values: ExampleValues) {
  if (SEARCH.test(name)) return values.search(name, schema ?? {}, isRequired);
  const row = isRequired || /id$/i.test(name) ? values.row(name) : null;
  return row ?? (isRequired ? values.of(name, schema ?? { type: 'string' }) : null);
}

function bodyOf({ method, body, document }: Route, values: ExampleValues, given: GivenParts) {
  if (document !== undefined) {
    const variables =
      given.body === undefined
        ? values.of('variables', body === 'unknown' || !body ? {} : body)
        : { value: given.body };
    if ('unknown' in variables) return { unknown: `Its variables cannot be guessed: ${variables.unknown}.` };
    return { value: { query: document, variables: variables.value } };
  }
  if (given.body !== undefined) return { value: given.body };
  const isWithout = method === 'ALL' && given.method !== undefined && WITHOUT_BODY.includes(given.method.toUpperCase());
  if (body === null || isWithout) return { value: undefined };
  if (body === 'unknown') return { unknown: 'Nothing is known of its body.' };
  const guess = values.of('body', body);
  return 'unknown' in guess ? { unknown: `Its body cannot be guessed: ${guess.unknown}.` } : guess;
}
