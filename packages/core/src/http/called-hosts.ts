import { storage, type TenantStore } from '../context/storage.js';
import { TenantContext } from '../context/tenant-context.js';
import { TenancyConfigurationError } from '../errors/configuration-error.js';
import { refuseUnknown } from '../errors/refuse-unknown.js';
import { strongSecret } from '../resolution/hmac-secret.js';
import { SIGNED_HEADER, signTenantHeader } from '../resolution/signed-header.js';
import { isUntenantedCall } from './untenanted-call.js';

/** Options of everything that calls other services: who is told the tenant, and how it is signed. */
export interface CalledHostsOptions {
  /** The services that are told the tenant, by scheme, host and port: `https://billing.internal:8443`. Nobody else is. */
  readonly hosts: readonly string[];
  /** The secret that those services share with this one, of at least 32 bytes: that of their `fromSignedHeader`. */
  readonly secret: string | Buffer | undefined;
  /**
   * The name of the header that carries the signed tenant.
   * @defaultValue `'x-signed-tenant'`
   */
  readonly header?: string | undefined;
}

export const CALLED_HOSTS_OPTIONS = ['hosts', 'secret', 'header'];

const context = new TenantContext();

/** The services that are told the tenant, and the header that tells it. */
export class CalledHosts {
  /** In lower case. */
  readonly header: string;
  readonly #origins: ReadonlySet<string>;
  readonly #secret: string | Buffer;

  /** @throws `tenancy_misconfigured`, naming the option of `place` that is wrong and the fix. */
  constructor(place: string, options: CalledHostsOptions, known: readonly string[] = CALLED_HOSTS_OPTIONS) {
    refuseUnknown(place, options, known);
    const { hosts, secret, header = SIGNED_HEADER } = options ?? {};
    const wrong = (option: string) => (problem: string, fix: string) =>
      new TenancyConfigurationError(`${place}.${option}`, problem, fix);
    if (!Array.isArray(hosts) || hosts.length === 0) {
      throw wrong('hosts')('is empty', "Name who is told the tenant: `['https://billing.internal']`.");
    }
    this.#origins = new Set(hosts.map((host: unknown) => originOf(host, wrong('hosts'))));
    this.#secret = strongSecret(secret, 'HS256', wrong('secret'));
    if (typeof header !== 'string' || !/^[a-z0-9-]+$/i.test(header)) {
      throw wrong('header')('is not a header name', 'Use letters and dashes.');
    }
    this.header = header.toLowerCase();
  }

  /** True for what is sent to one of them. A name in `user@host` is no host, and neither is a longer one. */
  includes(url: URL): boolean {
    return this.#origins.has(url.origin);
  }

  /**
   * The value of the header for `url`, of the tenant whose work asks; `null` for everybody else's hosts, and for a call that is
   * nobody's on purpose.
   *
   * @throws `tenant_context_missing`, or the refusal of the request, where one of the hosts is called without a tenant.
   */
  valueFor(url: URL, asking: TenantStore | undefined = storage.getStore()): string | null {
    if (!this.includes(url) || isUntenantedCall(asking)) return null;
    const id = asking === storage.getStore() ? context.tenantId : storage.run(asking, () => context.tenantId);
    return signTenantHeader(id, { secret: this.#secret });
  }
}

function originOf(host: unknown, wrong: (problem: string, fix: string) => Error): string {
  const fix = 'Name scheme, host and port: `https://billing.internal:8443`.';
  if (typeof host !== 'string' || !URL.canParse(host))
    throw wrong(`holds ${JSON.stringify(host)}, which is no address`, fix);
  const { origin, href, protocol } = new URL(host);
  if (!/^https?:$/.test(protocol)) throw wrong(`holds ${host}, which is neither http nor https`, fix);
  // It would look as if it named others.
  if (origin.includes('*')) throw wrong(`holds ${host}, and each host is named by itself`, fix);
  // A path would look as if it limited something.
  if (href !== `${origin}/`) throw wrong(`holds ${host}, which is more than a host`, fix);
  return origin;
}
