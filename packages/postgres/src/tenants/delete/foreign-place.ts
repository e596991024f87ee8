import type { Client } from 'pg';
import { isPlace, type TenantPlace } from '../../isolation/tenant-place.js';
import { DATABASE, hasLedger, LEDGER } from '../../migrations/ledger/ledger.js';
import { quoteIdentifier, quoteLiteral, quoteQualified } from '../../policies/quoting.js';
import { ask, isTrue } from '../../protocol/ask.js';
import type { DirectoryTenant } from '../directory/directory-tenant.js';
import type { TenantDirectory } from '../directory/tenant-directory.js';
import { SCHEMA as FENCE_SCHEMA } from '../fence/fence-names.js';
import type { TenantPlaces } from '../places/tenant-places.js';
import { TenantsError } from '../tenants-error.js';
import { connectToServer, openPlace } from './own-place.js';

/**
 * Refuses to drop what is not the tenant's alone.
 *
 * @throws TenantsError `place_unusable`.
 */
export async function refuseForeignPlace(
  directory: TenantDirectory<unknown>,
  places: TenantPlaces,
  { id, place }: DirectoryTenant<unknown>,
): Promise<void> {
  const { server, kind, name } = place;
  if (!isPlace(place)) {
    throw new TenantsError(
      'place_unusable',
      'the directory says not where this tenant is. Nothing was done. Correct its place in the directory.',
    );
  }
  if (kind === 'rows') return;
  const { schemas = ['public'] } = places.policies;
  const everybodys = ['public', FENCE_SCHEMA, directory.options.schema, ...schemas, ...places.shared];
  const isShared =
    kind === 'schema'
      ? everybodys.includes(name as string)
      : await isSharedDatabase(places, place, directory.options.schema);
  const [other] = await directory.database.ask(
    `select id from {s}.tenant where id <> $1 and status <> 'deleted'
      and place ->> 'server' = $2 and place ->> 'kind' = $3 and place ->> 'name' = $4 limit 1`,
    [id, server, kind, name],
  );
  if (isShared || other) {
    throw new TenantsError(
      'place_unusable',
      `the directory says that the ${kind} ${JSON.stringify(name)} is this tenant's, but it is ${other ? "another tenant's as well" : "everybody's"}. ` +
        'Nothing was done. Correct the place in the directory.',
    );
  }
  const client = await openPlace(places, place);
  if (client === null) return;
  try {
    const why = (await isMadeForTenant(client, place)) ? await foreignRows(client, places, id, place) : UNKNOWN;
    if (why === null) return;
    throw new TenantsError(
      'place_unusable',
      `the directory says that the ${kind} ${JSON.stringify(name)} is this tenant's, but ${why}. Nothing was done. Correct the place in the directory; ` +
        "one that is the tenant's and was made by other means is yours to drop.",
    );
  } finally {
    await client.end().catch(() => {});
  }
}

const UNKNOWN = 'no migration has been applied there, so nothing says that it was made for a tenant';

async function isMadeForTenant(client: Client, { kind, name }: TenantPlace): Promise<boolean> {
  if (!(await hasLedger(client))) return false;
  const target = kind === 'schema' ? name : DATABASE;
  return isTrue(client, `select exists (select from ${LEDGER} where target = $1) as answer`, [target]);
}

/** The table that has rows of somebody else, in words; null where there is none. A row without a tenant is of whoever has the place. */
async function foreignRows(
  client: Client,
  { policies: { tables: named = [], tenantColumn: usual = 'tenant_id' } }: TenantPlaces,
  tenant: string,
  { kind, name }: TenantPlace,
): Promise<string | null> {
  const columns = new Map(named.map((table) => [table.name, table.tenantColumn ?? usual]));
  const found = await ask<'schema' | 'name' | 'column'>(
    client,
    `select n.nspname as schema, c.relname as name, a.attname as column
      from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
      where a.attname = any ($1) and not a.attisdropped and c.relkind in ('r', 'p') and not c.relispartition
        and n.nspname !~ '^pg_' and n.nspname <> 'information_schema' and ($2::text is null or n.nspname = $2)`,
    [[usual, ...columns.values()], kind === 'schema' ? name : null],
  );
  for (const table of found as readonly { schema: string; name: string; column: string }[]) {
    if (table.column !== (columns.get(table.name) ?? usual)) continue;
    const target = quoteQualified(table);
    // Compared as its type does: a UUID has several spellings.
    const foreign = `${quoteIdentifier(table.column)} <> ${quoteLiteral(tenant)}`;
    const sql = `select exists (select from ${target} where ${foreign}) as answer`;
    if (await isTrue(client, sql)) return `${target} has rows of another`;
  }
  return null;
}

async function isSharedDatabase(places: TenantPlaces, place: TenantPlace, directory: string): Promise<boolean> {
  const server = await connectToServer(places, place.server);
  try {
    if (await isTrue(server, 'select current_database() = $1 as answer', [place.name])) return true;
  } finally {
    await server.end().catch(() => {});
  }
  const client = await openPlace(places, place);
  if (client === null) return false;
  try {
    const tenants = quoteQualified({ schema: directory, name: 'tenant' });
    return await isTrue(client, 'select to_regclass($1) is not null as answer', [tenants]);
  } finally {
    await client.end().catch(() => {});
  }
}
