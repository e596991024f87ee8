import { storage } from '../context/storage.js';
import { TenancyConfigurationError } from '../errors/configuration-error.js';
import { CalledHosts, type CalledHostsOptions } from './called-hosts.js';
import { fetchTelling } from './tenant-fetch.js';

/** The headers of a request, as axios has them. */
interface AxiosHeaders {
  set(name: string, value: string): unknown;
  delete(name: string): unknown;
}

/** The options of follow-redirects for the next hop. */
interface RedirectOptions {
  readonly href?: string;
  readonly headers: Record<string, unknown>;
}

type BeforeRedirect = (options: RedirectOptions, ...rest: unknown[]) => void;
type Transform = (this: AxiosRequest, data: unknown, headers: AxiosHeaders) => unknown;

/** A request, as interceptors and transformers of axios see it. */
interface AxiosRequest {
  transformRequest?: Transform | readonly Transform[];
  beforeRedirect?: BeforeRedirect;
  env?: { readonly fetch?: typeof globalThis.fetch };
}

/** The part of an axios instance that is used here. */
interface AxiosLike {
  getUri(config: never): string;
  readonly interceptors: {
    readonly request: {
      // biome-ignore lint/suspicious/noExplicitAny: axios declares `use` as a property, so that its parameter is compared strictly, with the configuration of its own version.
      use(onFulfilled: (config: any) => any): number;
      eject(id: number): void;
    };
  };
}

/**
 * Has an instance of axios tell named hosts the tenant, and nobody else, as `tenantFetch` does. `TenantHttpModule` does it for each
 * `HttpService`; this is for instances that the application makes by itself.
 *
 * @returns the instance itself.
 * @throws `tenancy_misconfigured`, naming the option that is wrong and the fix.
 * @example
 * ```ts
 * import { tenantAxios } from '@tenancy/core/http';
 * import axios from 'axios';
 *
 * const client = tenantAxios(axios.create({ baseURL: 'https://billing.internal' }), {
 *   hosts: ['https://billing.internal'],
 *   secret: process.env.SERVICES_SECRET,
 * });
 * ```
 */
export function tenantAxios<A extends AxiosLike>(instance: A, options: CalledHostsOptions): A {
  const hosts = new CalledHosts('tenantAxios', options);
  if (typeof instance?.interceptors?.request?.use !== 'function' || typeof instance.getUri !== 'function') {
    throw new TenancyConfigurationError('tenantAxios', 'is given no axios', 'Pass `axios.create(…)` first.');
  }
  hookAxios(instance, hosts);
  return instance;
}

/** Answers with what takes it back. */
export function hookAxios(instance: AxiosLike, hosts: CalledHosts): () => void {
  /** Run after every interceptor, which might have changed the address. */
  const last: Transform = function (data, headers) {
    const address = instance.getUri(this as never);
    const url = URL.canParse(address) ? new URL(address) : null;
    const value = url && hosts.valueFor(url);
    headers.delete(hosts.header);
    if (value !== null) headers.set(hosts.header, value);
    const isNamed = url !== null && hosts.includes(url);
    this.beforeRedirect = redirecting(hosts, isNamed, givenOf(this.beforeRedirect));
    // Of the adapter for fetch, which follows redirects by itself.
    const send = givenOf(this.env?.fetch) ?? ((...args) => globalThis.fetch(...args));
    this.env = { ...this.env, fetch: inPlaceOf(send, fetchTelling(hosts, send)) };
    return data;
  };
  const { request } = instance.interceptors;
  const id = request.use((config: AxiosRequest) => {
    const transforms = [config.transformRequest ?? []].flat();
    config.transformRequest = [...transforms.filter((one) => one !== last), last];
    return config;
  });
  return () => request.eject(id);
}

/** By functions of ours, those that they took the place of: a request may be sent once more, by what retries. */
const given = new WeakMap<object, unknown>();
const givenOf = <F extends object>(fn: F | undefined): F | undefined =>
  fn && given.has(fn) ? (given.get(fn) as F | undefined) : fn;
const inPlaceOf = <F extends object>(before: F | undefined, fn: F): F => {
  given.set(fn, before);
  return fn;
};

function redirecting(hosts: CalledHosts, isNamed: boolean, before: BeforeRedirect | undefined): BeforeRedirect {
  // C6: of what waits for a connection, others free it, and it is answered in their context.
  const asking = storage.getStore();
  // Once it has left the named hosts, whoever redirects decides what is called.
  let isOwn = isNamed;
  return inPlaceOf(before, (options, ...rest) => {
    before?.(options, ...rest);
    const url = options.href !== undefined && URL.canParse(options.href) ? new URL(options.href) : null;
    isOwn &&= url !== null && hosts.includes(url);
    const value = isOwn && url ? hosts.valueFor(url, asking) : null;
    for (const name of Object.keys(options.headers)) {
      if (name.toLowerCase() === hosts.header) delete options.headers[name];
    }
    if (value !== null) options.headers[hosts.header] = value;
  });
}
