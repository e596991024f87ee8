import { domainToASCII, domainToUnicode } from 'node:url';
import { TenancyConfigurationError } from '../errors/configuration-error.js';
import { refuseUnknown } from '../errors/refuse-unknown.js';
import { domainName, parseHost } from '../host-name.js';
import type { TenantHint } from '../registry/tenant-registry.js';
import { requestHost, sentHost } from './host.js';
import { memoized } from './memoized.js';
import { NO_TENANT, type TenantSource } from './tenant-source.js';

/** Options of {@link fromSubdomain}. */
export interface SubdomainOptions {
  /** The domain, or domains, that tenants have a name below: `app.example.com`. `localhost` works in development. */
  readonly baseDomain: string | readonly string[] | undefined;
  /**
   * Names below the base domain that are the application's own and say nothing about a tenant.
   * @defaultValue `['www', 'api']`
   */
  readonly reserved?: readonly string[] | undefined;
  /**
   * The answer to a request for the host of a slug that a tenant had before it was renamed (`findByFormerSlug` of the registry): 308 to the
   * same path on its host of now, whatever token it carries, or as for a slug that nobody has. Sockets and messages are refused either way.
   * @defaultValue `'redirect'`
   */
  readonly renamed?: 'redirect' | 'refuse' | undefined;
}

/**
 * The tenant from the host name: `acme.app.example.com` names the tenant with the slug `acme`.
 *
 * The base domain itself, a reserved name, a name deeper than one label, and any other host say nothing.
 *
 * @throws `tenancy_misconfigured` for a base domain that is not a domain name.
 * @example
 * ```ts
 * import { fromSubdomain } from '@tenancy/core';
 *
 * const source = fromSubdomain({ baseDomain: ['app.example.com', 'localhost'], reserved: ['www', 'api', 'status'] });
 * ```
 */
export function fromSubdomain(options: SubdomainOptions): TenantSource {
  refuseUnknown('fromSubdomain', options, ['baseDomain', 'reserved', 'renamed']);
  const { baseDomain, reserved = ['www', 'api'], renamed = 'redirect' } = options ?? {};
  const bases = [baseDomain].flat().map(toBaseDomain);
  if (bases.length === 0) throw wrongBaseDomain('is empty');
  if (!Array.isArray(reserved)) throw wrongReserved('is not a list of names');
  if (renamed !== 'redirect' && renamed !== 'refuse') throw wrongRenamed();
  const own = new Set(reserved.map(toLabel));
  // The longest first: below both `example.com` and `app.example.com`, the second one names the tenant.
  bases.sort((a, b) => b.length - a.length);
  const hintOf = memoized((sent) => {
    const host = parseHost(sent);
    return host === null ? NO_TENANT : subdomainHint(host, bases, own);
  });
  return {
    name: 'subdomain',
    identify(request) {
      const sent = sentHost(request);
      return sent === null ? NO_TENANT : hintOf(sent);
    },
    explain: (request) => explainHost(requestHost(request), bases),
    ...(renamed === 'redirect' && { renamedHost: (request, slug) => hostOf(slug, requestHost(request), bases, own) }),
  };
}

/** `bases`: longest first. */
function subdomainHint(host: string, bases: readonly string[], reserved: ReadonlySet<string>): TenantHint | null {
  for (const base of bases) {
    if (host === base) return null;
    if (!host.endsWith(base) || host[host.length - base.length - 1] !== '.') continue;
    const label = host.slice(0, -base.length - 1);
    if (label.includes('.') || reserved.has(label)) return null;
    return label.startsWith('xn--') ? punycodeHint(label) : { slug: label };
  }
  return null;
}

/** The host of `slug` below the base that `host` is below; `null` where it would not lead to that slug. */
function hostOf(
  slug: string,
  host: string | null,
  bases: readonly string[],
  reserved: ReadonlySet<string>,
): string | null {
  const base = bases.find((each) => host?.endsWith(`.${each}`));
  const next = base === undefined ? null : domainName(`${slug}.${base}`);
  const hint = next === null ? null : subdomainHint(next, bases, reserved);
  return hint !== null && 'slug' in hint && hint.slug === slug.toLowerCase() ? next : null;
}

/** Of a host that names nobody. */
function explainHost(host: string | null, bases: readonly string[]): string {
  if (host === null) return 'the host is malformed, or was sent twice';
  if (host === '') return 'the request was sent to no host name';
  const base = bases.find((each) => host === each || host.endsWith(`.${each}`));
  if (base === undefined) return `host ${host} is not below ${bases.join(' or ')}`;
  if (host === base) return `host ${host} is the base domain itself`;
  const label = host.slice(0, -base.length - 1);
  if (label.includes('.')) return `host ${host} is more than one label below ${base}`;
  return `host ${host} has a reserved name, or one with two spellings`;
}

// One spelling for each name: `xn--acme-` decodes to `acme`, and must not pass for it.
function punycodeHint(label: string): TenantHint {
  const slug = domainToUnicode(label);
  // What cannot be decoded comes back empty, or as it was: that differs between versions of Node.
  const decoded = slug !== '' && slug !== label;
  return decoded && domainToASCII(slug) === label ? { slug } : NO_TENANT;
}

function toBaseDomain(domain: unknown): string {
  if (typeof domain !== 'string' || domain.trim() === '') throw wrongBaseDomain('is empty');
  const ascii = domainName(domain);
  if (ascii === null) throw wrongBaseDomain(`${JSON.stringify(domain)} is not a domain name`);
  return ascii;
}

/** As it stands in a host: a request names `büro` in punycode. */
function toLabel(name: unknown): string {
  // A number alone would be read as an address.
  const label = domainName(`${String(name)}.localhost`)?.slice(0, -'.localhost'.length);
  if (typeof name === 'string' && label && !label.includes('.')) return label;
  throw wrongReserved(`${JSON.stringify(name)} is not one label of a domain name, and would reserve nothing`);
}

function wrongRenamed(): TenancyConfigurationError {
  return new TenancyConfigurationError(
    'fromSubdomain.renamed',
    'is neither "redirect" nor "refuse"',
    'Pass one of them, or leave it out.',
  );
}

function wrongReserved(problem: string): TenancyConfigurationError {
  return new TenancyConfigurationError(
    'fromSubdomain.reserved',
    problem,
    "Pass what stands before the base domain: ['www'].",
  );
}

function wrongBaseDomain(problem: string): TenancyConfigurationError {
  return new TenancyConfigurationError(
    'fromSubdomain.baseDomain',
    problem,
    'Pass the domain that tenants have a name below, without scheme, port or wildcard: "app.example.com".',
  );
}
