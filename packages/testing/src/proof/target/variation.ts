import type { HttpRequest } from '../../http-request.js';

/** A request that an entrance takes as well: with one input more, or another value of one. */
export interface Variation {
  /** As a reader of a finding would say it: `query archived=true`. */
  readonly name: string;
  readonly change: (request: HttpRequest) => HttpRequest;
}

export const inQuery = (name: string, value: unknown): Variation => ({
  name: `query ${name}=${shown(value)}`,
  change: (request) => ({ ...request, query: { ...request.query, [name]: value } }),
});

export const inHeader = (name: string, value: string): Variation => ({
  name: `header ${name}: ${value}`,
  change: (request) => ({ ...request, headers: { ...request.headers, [name]: value } }),
});

/** Beside the cookies that the request has. */
export const inCookie = (name: string, value: string): Variation => ({
  name: `cookie ${name}=${value}`,
  change: (request) => {
    const given = Object.entries(request.headers ?? {}).find(([key]) => key.toLowerCase() === 'cookie')?.[1];
    return { ...request, headers: { ...request.headers, cookie: `${given ? `${given}; ` : ''}${name}=${value}` } };
  },
});

/** A value in the body, or among the variables of a GraphQL operation, by its path. */
export const inBody = (path: readonly (string | number)[], value: unknown): Variation => ({
  name: `${path.join('.')}=${shown(value)} in the body`,
  change: (request) => ({ ...request, body: withValue(request.body, path, value) }),
});

function withValue(tree: unknown, [key, ...rest]: readonly (string | number)[], value: unknown): unknown {
  if (key === undefined) return value;
  if (Array.isArray(tree)) return tree.map((item, n) => (n === key ? withValue(item, rest, value) : item));
  const object = (typeof tree === 'object' && tree !== null ? tree : {}) as Readonly<Record<string, unknown>>;
  return { ...object, [key]: withValue(object[key], rest, value) };
}

function shown(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** With what may be left out left out: of two keys to a row, the other one would be taken. */
export function alone({ name, change }: Variation, isRequired: (name: string) => boolean): Variation {
  const required = (values: Readonly<Record<string, unknown>> | undefined) =>
    Object.fromEntries(Object.entries(values ?? {}).filter(([each]) => isRequired(each)));
  const bared = (request: HttpRequest): HttpRequest => {
    const body = request.body as { readonly query?: unknown; readonly variables?: Readonly<Record<string, unknown>> };
    if (typeof body?.query === 'string') return { ...request, body: { ...body, variables: required(body.variables) } };
    return { ...request, query: required(request.query) };
  };
  return { name: `${name} alone`, change: (request) => change(bared(request)) };
}
