import type { Client, DatabaseError } from 'pg';
import type { TenantPlace } from '../../isolation/tenant-place.js';
import { hasLedger, LEDGER } from '../../migrations/ledger/ledger.js';
import { quoteIdentifier, quoteLiteral, quoteQualified } from '../../policies/quoting.js';
import { ask, isTrue } from '../../protocol/ask.js';
import { type LockPatience, withLock } from '../fence/with-lock.js';
import { connectToPlace } from '../places/connect.js';
import type { TenantPlaces } from '../places/tenant-places.js';
import { TenantsError } from '../tenants-error.js';

/** Objects outside of a schema that depend on what is in it, in words. */
const FROM_OUTSIDE = `with recursive inside (class, object) as (
    select 'pg_namespace'::regclass::oid, oid from pg_namespace where nspname = $1
    union
    select d.classid, d.objid from pg_depend d join inside i on d.refclassid = i.class and d.refobjid = i.object
      where d.deptype not in ('p', 'S')
  ), placed as (
    select class, object, coalesce(c.relnamespace, p.pronamespace, t.typnamespace, k.connamespace, r.relnamespace) as namespace
    from inside
      left join pg_class c on class = 'pg_class'::regclass and c.oid = object
      left join pg_proc p on class = 'pg_proc'::regclass and p.oid = object
      left join pg_type t on class = 'pg_type'::regclass and t.oid = object
      left join pg_constraint k on class = 'pg_constraint'::regclass and k.oid = object
      left join pg_rewrite w on class = 'pg_rewrite'::regclass and w.oid = object
      left join pg_trigger g on class = 'pg_trigger'::regclass and g.oid = object
      left join pg_policy y on class = 'pg_policy'::regclass and y.oid = object
      left join pg_attrdef e on class = 'pg_attrdef'::regclass and e.oid = object
      left join pg_class r on r.oid = coalesce(w.ev_class, g.tgrelid, y.polrelid, e.adrelid)
  )
  select distinct pg_describe_object(class, object, 0) as what from placed join pg_namespace n on n.oid = namespace
  where n.nspname <> $1 and n.nspname !~ '^pg_' order by 1 limit 10`;

/**
 * Drops the schema of a tenant, and what the ledger has of it. What is elsewhere is never taken along.
 *
 * @throws TenantsError `place_unusable` where something elsewhere depends on it.
 */
export async function dropSchema(client: Client, schema: string, patience: LockPatience): Promise<void> {
  await withLock(client, `the removal of the schema ${quoteIdentifier(schema)}`, patience, async () => {
    const dependent = await ask<'what'>(client, FROM_OUTSIDE, [schema]);
    if (dependent.length > 0) {
      throw new TenantsError(
        'place_unusable',
        `${dependent.map(({ what }) => what).join(', ')} would go with the schema ${JSON.stringify(schema)}, and stands elsewhere. Nothing was dropped. ` +
          'Drop that first, if nobody needs it.',
      );
    }
    await client.query(`drop schema if exists ${quoteIdentifier(schema)} cascade`).catch(tooManyLocks);
    if (await hasLedger(client)) await client.query(`delete from ${LEDGER} where target = ${quoteLiteral(schema)}`);
  });
}

function tooManyLocks(error: DatabaseError): never {
  if (error.code !== '53200') throw error;
  throw new TenantsError(
    'operation_failed',
    'the schema has more tables than the server can lock at once. Nothing of it was dropped. Raise max_locks_per_transaction, or drop some of its tables first.',
    { cause: error },
  );
}

/** The number of rows of each table, as `schema.name`, of a tenant's own schema or database, in which all are its own. */
export async function countPlace(client: Client, { kind, name }: TenantPlace): Promise<ReadonlyMap<string, number>> {
  const tables = await ask<'schema' | 'name'>(
    client,
    `select n.nspname as schema, c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where c.relkind in ('r', 'p') and not c.relispartition and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
        and ($1::text is null or n.nspname = $1) order by n.nspname collate "C", c.relname collate "C"`,
    [kind === 'schema' ? name : null],
  );
  const counts = new Map<string, number>();
  for (const { schema, name: table } of tables as readonly { schema: string; name: string }[]) {
    const [row] = await ask<'rows'>(client, `select count(*) as rows from ${quoteQualified({ schema, name: table })}`);
    if (`${schema}.${table}` !== LEDGER) counts.set(`${schema}.${table}`, Number(row?.rows));
  }
  return counts;
}

/** Drops the database of a tenant, with whoever is connected to it. */
export async function dropDatabase(places: TenantPlaces, { server, name }: TenantPlace): Promise<void> {
  const client = await connectToServer(places, server);
  try {
    await client.query(`drop database if exists ${quoteIdentifier(name as string)} with (force)`);
  } finally {
    await client.end().catch(() => {});
  }
}

/**
 * Connects to where a tenant's data is.
 *
 * @returns null where its schema or database is there no more
 */
export async function openPlace(places: TenantPlaces, place: TenantPlace): Promise<Client | null> {
  const { server, kind, name } = place;
  const client = await connectToServer(places, server);
  if (kind === 'rows') return client;
  const catalog = kind === 'schema' ? 'pg_namespace where nspname' : 'pg_database where datname';
  const isThere = await isTrue(client, `select exists (select 1 from ${catalog} = $1) as answer`, [name]);
  if (isThere && kind === 'schema') return client;
  await client.end();
  return isThere ? connectToPlace(places.connectionTo(place), `the database ${JSON.stringify(name)}`) : null;
}

/** Connects to the shared database of a server. */
export function connectToServer(places: TenantPlaces, server: string): Promise<Client> {
  const connection = places.connectionTo({ server, kind: 'rows', name: null });
  return connectToPlace(connection, `the server ${JSON.stringify(server)}`);
}
