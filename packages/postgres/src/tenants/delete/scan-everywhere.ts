import type { ClientConfig } from 'pg';
import type { DirectoryTenant } from '../directory/directory-tenant.js';
import { checkInterrupted } from '../fence/with-lock.js';
import { connectToPlace } from '../places/connect.js';
import { TenantsError } from '../tenants-error.js';
import type { DeleteSettings } from './delete-options.js';
import type { DeletionCertificate } from './deletion-certificate.js';
import { type Scan, scanDatabase, type Traces } from './scan.js';

/** The most places that an error names. */
const NAMED = 10;

/** The name of the directory's database among servers. */
const DIRECTORY = 'the directory';

/**
 * Looks through the shared database of every server and that of the directory, and asks what else held data of the tenant.
 *
 * @throws TenantsError `tenant_left` where something is left that is not kept on purpose, or a table could not be read.
 */
export async function scanEverywhere(
  { directory, places, also, keep, patience: { signal } }: DeleteSettings,
  tenant: DirectoryTenant<unknown>,
): Promise<Pick<DeletionCertificate, 'scanned' | 'kept'>> {
  const { tenantColumn = 'tenant_id', tables = [] } = places.policies;
  const traces: Traces = {
    id: tenant.id,
    names: tenant.place.name === null ? [] : [tenant.place.name],
    tenantColumns: [tenantColumn, ...tables.flatMap((table) => table.tenantColumn ?? [])],
  };
  const scans = new Map<string, Scan>();
  const connections: Readonly<Record<string, ClientConfig>> = {
    ...Object.fromEntries(
      Object.keys(places.servers).map((server) => [server, places.connectionTo({ server, kind: 'rows', name: null })]),
    ),
    [DIRECTORY]: directory.database.config as ClientConfig,
  };
  for (const [server, connection] of Object.entries(connections)) {
    checkInterrupted(signal);
    const client = await connectToPlace(
      connection,
      server === DIRECTORY ? DIRECTORY : `the server ${JSON.stringify(server)}`,
    );
    try {
      const { host, port, database = '' } = client;
      const address = JSON.stringify([host, port, database]);
      if (!scans.has(address))
        scans.set(address, await scanDatabase(client, { server, database }, traces, [directory.options.schema]));
    } finally {
      await client.end().catch(() => {});
    }
  }
  const found = [...scans.values()];
  const all = found.flatMap(({ left }) => left);
  const isKept = ({ table }: { readonly table: string }) => Object.hasOwn(keep, table);
  const problems = [
    ...all
      .filter((left) => !isKept(left))
      .map(({ server, database, table, column, rows }) => `${rows} in ${table}.${column} of ${database} on ${server}`),
    ...found
      .flatMap(({ unread }) => unread.filter((one) => !isKept(one)))
      .map(({ table, reason }) => `${table} could not be read: ${reason}`),
  ];
  for (const { name, left } of also) {
    const count = await left?.(tenant);
    if (count) problems.push(`${count} in ${name}`);
  }
  if (problems.length > 0) {
    const more = problems.length > NAMED ? `, and ${problems.length - NAMED} more` : '';
    throw new TenantsError(
      'tenant_left',
      `what is left of the tenant, by rows: ${problems.slice(0, NAMED).join('; ')}${more}. What was its own is deleted, and nobody is let in. ` +
        'Remove that, or name the table in `keep` with the reason, and run again.',
    );
  }
  return {
    scanned: found.map(({ server, database, tables: count }) => ({ server, database, tables: count })),
    kept: all.map((left) => ({ ...left, reason: keep[left.table] as string })),
  };
}
