import { storage, type TenantStore } from '../context/storage.js';
import { TenancyConfigurationError } from '../errors/configuration-error.js';
import { CalledHosts, type CalledHostsOptions } from './called-hosts.js';

/** A request, as undici hands it to a dispatcher. */
interface Dispatched {
  readonly origin?: string | URL | undefined;
  readonly headers?: unknown;
}

type Dispatch = (options: Dispatched, handler: object) => boolean;

/** The part of undici's dispatchers that is used here. */
interface Composable {
  // Options and handlers are those of whichever version of undici it is.
  dispatch(options: never, handler: never): boolean;
  // biome-ignore lint/suspicious/noExplicitAny: what is composed is of whichever version of undici it is, and the result's type is taken from it.
  compose(...interceptors: any[]): any;
}

/** Set while a host that is told nothing redirects: the redirect is sent from inside of its answer. */
let isLedAway = false;

/**
 * A dispatcher of undici (an `Agent`, a `Pool`, a `ProxyAgent`) that tells named hosts the tenant, and nobody else, as `tenantFetch`
 * does. What is called back runs as whoever asked, whichever connection it comes on. Interceptors, such as that for redirects, are
 * composed on the result.
 *
 * @throws `tenancy_misconfigured` for a dispatcher that has interceptors already, whose redirects would carry the header anywhere, and for
 * one that does not tell whom it calls, as a `RetryAgent`: wrap the result with it.
 * @example
 * ```ts
 * import { tenantDispatcher } from '@tenancy/core/http';
 * import { Agent, interceptors, request } from 'undici';
 *
 * const dispatcher = tenantDispatcher(new Agent(), {
 *   hosts: ['https://billing.internal'],
 *   secret: process.env.SERVICES_SECRET,
 * }).compose(interceptors.redirect({ maxRedirections: 3 }));
 *
 * const invoices = () => request('https://billing.internal/invoices', { dispatcher });
 * ```
 */
export function tenantDispatcher<D extends Composable>(
  dispatcher: D,
  options: CalledHostsOptions,
): ReturnType<D['compose']> {
  const hosts = new CalledHosts('tenantDispatcher', options);
  if (typeof dispatcher?.compose !== 'function' || typeof dispatcher.dispatch !== 'function') {
    throw new TenancyConfigurationError('tenantDispatcher', 'is given no dispatcher', 'Pass `new Agent()` of undici.');
  }
  // A composed one is a proxy that answers with another `dispatch` than its class has.
  if (dispatcher.dispatch !== (Object.getPrototypeOf(dispatcher) as Composable).dispatch) {
    throw new TenancyConfigurationError(
      'tenantDispatcher',
      'is given a dispatcher that has interceptors, whose redirects would carry the header anywhere',
      'Pass the Agent itself, and compose the interceptors on the result.',
    );
  }
  if (!isOfKnownOrigins(dispatcher)) {
    throw new TenancyConfigurationError(
      'tenantDispatcher',
      'is given a dispatcher that does not tell whom it calls, such as a RetryAgent: the one inside may be of any host',
      'Pass the one inside, and wrap the result: `new RetryAgent(tenantDispatcher(new Pool(…), …))`.',
    );
  }
  return dispatcher.compose(
    (dispatch: Dispatch): Dispatch =>
      (sent, handler) => {
        const asking = storage.getStore();
        const url = calledBy(dispatcher, sent, hosts);
        const value = isLedAway ? null : hosts.valueFor(url, asking);
        const headers = withHeader(sent.headers, hosts.header, value);
        return dispatch({ ...sent, headers }, calledBack(handler, asking, isLedAway || !hosts.includes(url)));
      },
  );
}

/** The host that is really called: a Client or Pool connects to its own, whatever `origin` says. */
function calledBy(dispatcher: object, sent: Dispatched, hosts: CalledHosts): URL {
  const own = ownOrigins(dispatcher);
  // Of several, any may be the one.
  return own.find((url) => !hosts.includes(url)) ?? own[0] ?? originOf(sent);
}

/** Marks of those that have a host of their own, and of those that call the origin of each request: agents, and agents behind a proxy. */
const MARKS = ['url', 'clients', 'proxy agent', 'no proxy agent', 'pools'];

const isOfKnownOrigins = (dispatcher: object): boolean =>
  Object.getOwnPropertySymbols(dispatcher).some(({ description = '' }) => MARKS.includes(description));

/** The hosts that undici's Client, Pool or BalancedPool is made for; none of an Agent. */
function ownOrigins(dispatcher: object): URL[] {
  const { upstreams } = dispatcher as { readonly upstreams?: unknown };
  if (Array.isArray(upstreams)) return upstreams.map((each) => new URL(String(each)));
  const name = Object.getOwnPropertySymbols(dispatcher).find((symbol) => symbol.description === 'url');
  const url: unknown = name && (dispatcher as Record<symbol, unknown>)[name];
  return url === undefined ? [] : [new URL(String(url))];
}

function originOf({ origin }: Dispatched): URL {
  if (origin !== undefined) return new URL(String(origin));
  throw new TenancyConfigurationError(
    'tenantDispatcher',
    'is asked for a path without an origin, and cannot tell whom it calls',
    'Wrap an Agent in place of a Client or Pool, or pass `origin` with the request.',
  );
}

/** Headers in the form that they came in, without those of our name, and with ours. */
function withHeader(headers: unknown, name: string, value: string | null): unknown {
  const own = (key: unknown) => String(key).toLowerCase() === name;
  if (Array.isArray(headers) && !Array.isArray(headers[0])) {
    const kept = headers.filter((_, index) => !own(headers[index - (index % 2)]));
    return value === null ? kept : [...kept, name, value];
  }
  const pairs: Iterable<[string, unknown]> =
    typeof headers === 'object' && headers !== null && Symbol.iterator in headers
      ? (headers as Iterable<[string, unknown]>)
      : Object.entries(headers ?? {});
  const kept = [...pairs].filter(([key]) => !own(key));
  if (value !== null) kept.push([name, value]);
  return kept.flat(1).some(Array.isArray) || !isUnique(kept) ? kept.flatMap(flattened) : Object.fromEntries(kept);
}

const isUnique = (pairs: readonly [string, unknown][]) => new Set(pairs.map(([key]) => key)).size === pairs.length;

const flattened = ([key, value]: [string, unknown]): unknown[] =>
  Array.isArray(value) ? value.flatMap((one) => [key, one]) : [key, value];

/** C6: a connection is opened by one tenant and answers others, in the context of whoever opened it. */
function calledBack(handler: object, asking: TenantStore | undefined, leadsAway: boolean): object {
  let isRedirect = false;
  return new Proxy(handler, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== 'function') return member;
      return (...args: unknown[]) => {
        const [, status] = args;
        if (name === 'onResponseStart') isRedirect = typeof status === 'number' && status >= 300 && status < 400;
        const around = isLedAway;
        isLedAway = leadsAway && isRedirect;
        try {
          return storage.run(asking, () => Reflect.apply(member, target, args));
        } finally {
          isLedAway = around;
        }
      };
    },
  });
}
