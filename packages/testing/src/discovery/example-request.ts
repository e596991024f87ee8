import type { Planted } from '../harness/planted.js';
import type { HttpRequest } from '../harness/request.js';
import type { Route, RouteParameter } from './entrance.js';
import { ExampleValues } from './example-values.js';

/** What the author says of a request; the rest is guessed. */
export interface GivenParts {
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
 * texts it is the same, so that two tenants’ requests differ just where they name rows.
 */
export function exampleRequest(
  route: Route,
  planted: Planted,
  { canary, given }: Guessing,
): HttpRequest | { readonly unknown: string } {
  const values = new ExampleValues(planted, resourceOf(route), canary);
  const path = filledPath(route, values, planted, canary, given.path ?? {});
  if (typeof path !== 'string') return path;
  const query: Record<string, unknown> = {};
  for (const parameter of route.parameters.filter((each) => each.in === 'query')) {
    if (given.query && parameter.name in given.query) continue;
    const guess = queryValue(parameter, values, planted);
    if (guess && 'unknown' in guess)
      return { unknown: `The query \`${parameter.name}\` cannot be guessed: ${guess.unknown}.` };
    if (guess) query[parameter.name] = guess.value;
  }
  const body = bodyOf(route, values, given);
  if ('unknown' in body) return body;
  const all = { ...query, ...given.query };
  return {
    method: route.method === 'ALL' ? 'GET' : route.method,
    path,
    ...(Object.keys(all).length > 0 && { query: all }),
    ...(body.value !== undefined && { body: body.value }),
    ...(given.headers && { headers: given.headers }),
  };
}

/** What stands last before a parameter, or at the end: `job` of `/jobs/:id/close`. */
function resourceOf({ path, document }: Route): string | null {
  if (document !== undefined) {
    const [, field = ''] = /\{ (\w+)/.exec(document) ?? [];
    return field.replace(
      /^(?:create|update|delete|remove|add|set|get|find|list|upsert|archive|publish|close)(?=[A-Z])/,
      '',
    );
  }
  const parts = path.split('/').filter((part) => part !== '');
  const first = parts.findIndex((part) => part.startsWith(':'));
  const named = (first < 0 ? parts : parts.slice(0, first)).filter((part) => !part.startsWith(':'));
  return named.at(-1) ?? null;
}

function filledPath(
  { path, parameters }: Route,
  values: ExampleValues,
  planted: Planted,
  canary: (name: string) => string,
  given: Readonly<Record<string, unknown>>,
): string | { readonly unknown: string } {
  const parts: string[] = [];
  let before: string | null = null;
  for (const part of path.split('/')) {
    const [, parameter, wildcard] = /^:(\w+)|^\{?\*(\w*)\}?$/.exec(part) ?? [];
    const name = parameter ?? (wildcard === undefined ? undefined : wildcard || '*');
    if (name === undefined) {
      if (part !== '') before = part;
      parts.push(part);
      continue;
    }
    const here = new ExampleValues(planted, before, canary);
    const schema = parameters.find((each) => each.in === 'path' && each.name === name)?.schema;
    const guess =
      name in given ? { value: given[name] } : (here.row(name) ?? (schema?.enum ? values.of(name, schema) : null));
    if (!guess || 'unknown' in guess || guess.value === undefined || guess.value === null) {
      return { unknown: `The path parameter \`${name}\` names nothing that was planted.` };
    }
    parts.push(encodeURIComponent(String(guess.value)));
  }
  return parts.join('/');
}

const SEARCH = /^(q|query|search|term|keyword|text|name|title)$/i;

/** What may be left out is, unless it names a row or searches for what both tenants have. */
function queryValue({ name, isRequired, schema }: RouteParameter, values: ExampleValues, planted: Planted) {
  const row = /id$/i.test(name) ? values.row(name) : null;
  if (row) return row;
  if (schema?.enum) return values.of(name, schema);
  if (SEARCH.test(name) && JSON.stringify(planted).includes('canary')) return { value: 'canary' };
  return isRequired ? values.of(name, schema ?? { type: 'string' }) : null;
}

function bodyOf({ body, document }: Route, values: ExampleValues, given: GivenParts) {
  if (document !== undefined) {
    const variables =
      given.body === undefined
        ? values.of('variables', body === 'unknown' || !body ? {} : body)
        : { value: given.body };
    if ('unknown' in variables) return { unknown: `Its variables cannot be guessed: ${variables.unknown}.` };
    return { value: { query: document, variables: variables.value } };
  }
  if (given.body !== undefined) return { value: given.body };
  if (body === null) return { value: undefined };
  if (body === 'unknown') return { unknown: 'Nothing is known of its body.' };
  const guess = values.of('body', body);
  return 'unknown' in guess ? { unknown: `Its body cannot be guessed: ${guess.unknown}.` } : guess;
}
