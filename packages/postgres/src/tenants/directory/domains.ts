import { randomBytes } from 'node:crypto';
import { Resolver } from 'node:dns/promises';
import { domainName } from '@tenancy/core/adapter';
import type { ClientBase } from 'pg';
import { TenantsError } from '../tenants-error.js';
import type { DirectoryDatabase } from './directory-database.js';
import type { TenantDomain } from './tenant-details.js';

/** A domain that a tenant claims, with the entry of DNS that proves it. */
export interface ClaimedDomain extends TenantDomain {
  readonly record: { readonly type: 'TXT'; readonly name: string; readonly value: string };
}

/** The TXT records of a name, each in its pieces, as `resolveTxt` of `node:dns/promises` has them. */
export type TxtLookup = (name: string) => Promise<readonly (readonly string[])[]>;

/** Below the domain itself, which often is a CNAME and so can have no other record. */
const LABEL = '_tenancy.';
const LONGEST = 253 - LABEL.length;

/** Labels of a host, two at least: DNS itself knows more, which no certificate is made for. */
const HOST = /^(?!-)[a-z0-9-]+(?<!-)(?:\.(?!-)[a-z0-9-]+(?<!-))+$/;

/** Answers of DNS that say there is nothing. */
const NOTHING = ['ENOTFOUND', 'ENODATA'];

export const lookupTxt: TxtLookup = (name) => new Resolver({ timeout: 3_000, tries: 2 }).resolveTxt(name);

/**
 * `domain` as requests name it: in lower case and punycode.
 *
 * @throws TenantsError `tenant_name_unusable`.
 */
export function domainOf(domain: unknown): string {
  const name = domainName(domain);
  if (name !== null && HOST.test(name) && name.length <= LONGEST) return name;
  throw new TenantsError(
    'tenant_name_unusable',
    'the domain is none that a host can have. Nothing was done. Pass it without scheme, port and wildcard, such as "careers.acme.com".',
  );
}

/** Writes down that a tenant claims a domain, which lets nobody in yet. */
export async function claim(
  database: DirectoryDatabase,
  id: string,
  domain: string,
  client: ClientBase,
): Promise<ClaimedDomain> {
  const [row] = await database.ask<{ token: string; verified: string | null }>(
    `insert into {s}.domain as d (domain, tenant_id, token) values ($1, $2, $3)
      on conflict (domain, tenant_id) do update set token = d.token
      returning token, to_char(verified_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as verified`,
    [domain, id, randomBytes(20).toString('hex')],
    client,
  );
  const { token = '', verified = null } = row ?? {};
  return { domain, verifiedAt: verified, record: recordOf(domain, token) };
}

/** Reads what DNS says of `domain`, outside of every transaction. */
export async function provenTokens(lookup: TxtLookup, domain: string): Promise<readonly string[]> {
  try {
    const records = await lookup(`${LABEL}${domain}`);
    return records.map((pieces) => pieces.join('').trim());
  } catch (cause) {
    if (NOTHING.includes((cause as { readonly code?: string } | null)?.code ?? '')) return [];
    throw new TenantsError(
      'domain_unproven',
      'DNS did not answer, so it is unknown whose the domain is. Nothing was done. Try again.',
      { cause },
    );
  }
}

/** The tenant that a domain leads to, or null. */
export async function holderOf(
  database: DirectoryDatabase,
  domain: string,
  client: ClientBase,
): Promise<string | null> {
  // One at a time for each domain, so that the answer holds until the transaction ends.
  await database.ask(`select pg_advisory_xact_lock(hashtextextended('@tenancy domain ' || $1, 0))`, [domain], client);
  const [row] = await database.ask<{ tenant_id: string }>(
    'select tenant_id from {s}.domain where domain = $1 and verified_at is not null',
    [domain],
    client,
  );
  return row?.tenant_id ?? null;
}

/**
 * Makes `domain` lead to the tenant `id`, and no more to `holder`, where DNS proves the one and no longer the other.
 *
 * @throws TenantsError `domain_unproven`; `tenant_exists` where the holder still proves it.
 */
export async function hand(
  database: DirectoryDatabase,
  { id, holder, domain, proven }: { id: string; holder: string | null; domain: string; proven: readonly string[] },
  client: ClientBase,
): Promise<void> {
  const rows = await database.ask<{ tenant_id: string; token: string }>(
    'select tenant_id, token from {s}.domain where domain = $1 and tenant_id = any($2)',
    [domain, [id, holder]],
    client,
  );
  const isProvenFor = (tenant: string | null) =>
    rows.some(({ tenant_id, token }) => tenant_id === tenant && proven.includes(recordOf(domain, token).value));
  if (!isProvenFor(id)) {
    const claimed = rows.find(({ tenant_id }) => tenant_id === id);
    const { name, value } = recordOf(domain, claimed?.token ?? '');
    throw new TenantsError(
      'domain_unproven',
      claimed
        ? `DNS has no TXT record ${name} with the value ${value}. Nothing was done. Write it there and verify again; it may take some time to be seen.`
        : 'the tenant has not claimed this domain. Nothing was done. Claim it first.',
    );
  }
  if (isProvenFor(holder)) {
    throw new TenantsError(
      'tenant_exists',
      "the domain is another tenant's, which DNS says still. Nothing was done. Remove its record from DNS, or the domain from that tenant.",
    );
  }
  await database.ask(
    'update {s}.domain set verified_at = null where domain = $1 and tenant_id = $2',
    [domain, holder],
    client,
  );
  await database.ask(
    'update {s}.domain set verified_at = clock_timestamp() where domain = $1 and tenant_id = $2',
    [domain, id],
    client,
  );
}

function recordOf(domain: string, token: string): ClaimedDomain['record'] {
  return { type: 'TXT', name: `${LABEL}${domain}`, value: `tenancy-domain=${token}` };
}
