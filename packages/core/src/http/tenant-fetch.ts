import { storage } from '../context/storage.js';
import { requireFunction } from '../errors/require-function.js';
import { CALLED_HOSTS_OPTIONS, CalledHosts, type CalledHostsOptions } from './called-hosts.js';
import { afterRedirect, type Hop } from './redirected.js';

/** Options of {@link tenantFetch}. */
export interface TenantFetchOptions extends CalledHostsOptions {
  /**
   * The function that sends: undici's, or one with retries of its own.
   * @defaultValue the global `fetch`
   */
  readonly fetch?: typeof globalThis.fetch | undefined;
}

/** As browsers and undici have it. */
const MOST_REDIRECTS = 20;

/**
 * A `fetch` that tells named hosts the tenant, in the signed header that `fromSignedHeader` reads at the other end, and tells nobody
 * else: also not after a redirect. A header of that name which the caller gives is replaced, and taken off on the way to others.
 *
 * A call of a named host without a tenant is refused with `tenant_context_missing`; `untenantedCall` is for those that are nobody's.
 *
 * @throws `tenancy_misconfigured`, naming the option that is wrong and the fix.
 * @example
 * ```ts
 * import { tenantFetch } from '@tenancy/core/http';
 *
 * const fetch = tenantFetch({ hosts: ['https://billing.internal'], secret: process.env.SERVICES_SECRET });
 * const invoices = () => fetch('https://billing.internal/invoices');
 * ```
 */
export function tenantFetch(options: TenantFetchOptions): typeof globalThis.fetch {
  const hosts = new CalledHosts('tenantFetch', options, [...CALLED_HOSTS_OPTIONS, 'fetch']);
  if (options.fetch !== undefined) requireFunction('tenantFetch.fetch', options.fetch);
  // Looked up with each call: what traces or mocks may set it later.
  return fetchTelling(hosts, options.fetch ?? ((...args) => globalThis.fetch(...args)));
}

/** `send`, with the header of `hosts` on each hop that is one of theirs. */
export function fetchTelling(hosts: CalledHosts, send: typeof globalThis.fetch): typeof globalThis.fetch {
  return async (input, init) => {
    const asking = storage.getStore();
    const asked = (typeof input === 'object' && 'url' in input ? input : undefined) as Request | undefined;
    let hop: Hop = {
      url: new URL(asked?.url ?? String(input)),
      method: (init?.method ?? asked?.method ?? 'GET').toUpperCase(),
      headers: new Headers(init?.headers ?? asked?.headers),
      body: init?.body ?? (asked?.body ? 'once' : null),
    };
    // Once it has left the named hosts, whoever redirects decides what is called, and no longer this application.
    let isOwn = true;
    const follows = (init?.redirect ?? asked?.redirect ?? 'follow') === 'follow';
    for (let redirects = 0; ; redirects += 1) {
      const value = isOwn ? hosts.valueFor(hop.url, asking) : null;
      isOwn &&= hosts.includes(hop.url);
      hop.headers.delete(hosts.header);
      if (value !== null) hop.headers.set(hosts.header, value);
      const sent = { ...init, headers: hop.headers, ...(follows && { redirect: 'manual' as const }) };
      const response = await (redirects === 0
        ? send(asked ?? hop.url.href, sent)
        : send(hop.url.href, {
            ...carried(asked),
            ...sent,
            method: hop.method,
            body: hop.body as RequestInit['body'] & {},
          }));
      const next = follows ? afterRedirect(hop, response) : null;
      if (next === null) {
        return redirects === 0 ? response : Object.defineProperty(response, 'redirected', { value: true });
      }
      await response.body?.cancel();
      if (redirects === MOST_REDIRECTS)
        throw new TypeError('fetch failed', { cause: new Error('redirect count exceeded') });
      hop = next;
    }
  };
}

/** The rest of what a request says, beside `init`. */
const carried = (asked: Request | undefined): RequestInit => (asked ? { signal: asked.signal } : {});
