import type { TenantEventKind } from '@tenancy/core/lifecycle';
import type { ClientBase } from 'pg';
import { TenantsError } from '../tenants-error.js';
import { DirectoryReader, unknownTenant } from './directory-reader.js';
import { type ClaimedDomain, claim, domainOf, hand, holderOf, provenTokens } from './domains.js';
import type { InTransaction } from './new-tenant.js';
import { COLUMNS, type TenantRow } from './tenant-row.js';

/** The part of the directory that lets tenants have domains of their own. */
export abstract class DirectoryDomains<Settings> extends DirectoryReader<Settings> {
  /**
   * Says that a tenant wants to be found by a domain of its own. Nobody is until whoever holds the domain has written the answer's `record` into
   * DNS, and `verifyDomain` has seen it. Several tenants may claim one domain; a claim made again has the same record.
   *
   * @throws TenantsError `tenant_name_unusable`, `tenant_state_refused` for one that is being deleted.
   */
  async claimDomain(id: string, domain: string, { on }: InTransaction = {}): Promise<ClaimedDomain> {
    const name = domainOf(domain);
    return this.database.transaction(async (client) => {
      refuseEnded(await this.locked(id, client));
      return claim(this.database, id, name, client);
    }, on);
  }

  /**
   * Lets people in by a domain that DNS proves to be the tenant's. One that led to another tenant, and is proven for that one no more, leads to this.
   *
   * @throws TenantsError `domain_unproven`; `tenant_exists` where DNS proves it for the other one still; `tenant_state_refused`.
   */
  async verifyDomain(id: string, domain: string, { on }: InTransaction = {}): Promise<ClaimedDomain> {
    const name = domainOf(domain);
    const proven = await provenTokens(this.options.resolveTxt, name);
    return this.database.transaction(async (client) => {
      const found = await holderOf(this.database, name, client);
      const holder = found === id ? null : found;
      // In one order, so that two who take from each other do not wait in a circle.
      const both = [id, ...(holder === null ? [] : [holder])].toSorted();
      for (const tenant of both) {
        const row = await this.locked(tenant, client);
        if (tenant === id) refuseEnded(row);
      }
      if (found !== id) {
        await hand(this.database, { id, holder, domain: name, proven }, client);
        if (holder !== null) await this.record(holder, 'domain-removed', { domain: name }, client);
        await this.record(id, 'domain-verified', { domain: name }, client);
      }
      return claim(this.database, id, name, client);
    }, on);
  }

  /** Lets nobody in by this domain any more, and forgets the claim. Where there is none, nothing is done. */
  async removeDomain(id: string, domain: string, { on }: InTransaction = {}): Promise<void> {
    const name = domainOf(domain);
    await this.database.transaction(async (client) => {
      await this.locked(id, client);
      const [gone] = await this.database.ask<{ verified: string }>(
        'delete from {s}.domain where domain = $1 and tenant_id = $2 returning (verified_at is not null)::text as verified',
        [name, id],
        client,
      );
      if (gone?.verified === 'true') await this.record(id, 'domain-removed', { domain: name }, client);
    }, on);
  }

  /**
   * Writes an event, in the transaction of what it tells.
   *
   * @internal
   */
  async record(id: string, kind: TenantEventKind, data: object, client: ClientBase): Promise<void> {
    await this.database.ask(
      'insert into {s}.event (tenant_id, kind, data) values ($1, $2, $3)',
      [id, kind, JSON.stringify(data)],
      client,
    );
  }

  /**
   * The tenant, which no other transaction changes before this one ends.
   *
   * @internal
   */
  async locked(id: string, client: ClientBase): Promise<TenantRow> {
    const [row] = await this.database.ask<TenantRow>(
      `select ${COLUMNS} from {s}.tenant t where t.id = $1 for update`,
      [id],
      client,
    );
    if (!row) throw unknownTenant();
    return row;
  }
}

/** @throws TenantsError `tenant_state_refused`. */
function refuseEnded({ status }: TenantRow): void {
  if (status !== 'deleting' && status !== 'deleted') return;
  throw new TenantsError(
    'tenant_state_refused',
    `the tenant is ${status}, and gets no domain any more. Nothing was done.`,
  );
}
