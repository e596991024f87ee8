import type { Client, ClientBase } from 'pg';
import { processOf } from '../../direct/connect-directly.js';
import { isTrue } from '../../protocol/ask.js';
import type { DirectoryDatabase } from '../directory/directory-database.js';
import type { DirectoryTenant } from '../directory/directory-tenant.js';
import type { TenantDirectory } from '../directory/tenant-directory.js';
import { newTenantId, slugOf } from '../directory/tenant-names.js';
import { Operation } from '../operations/operation.js';
import { connectToMake } from '../places/connect.js';
import { isTenantsError, TenantsError } from '../tenants-error.js';
import type { HeldPlace } from './held-seed.js';
import { makePlace, type PlaceStage, withdrawPlace } from './make-place.js';
import type { PlaceRecord } from './place-record.js';
import type { ResolvedProvisionOptions } from './provision-options.js';

/** A tenant that is made, with what is written into its place. */
export interface Provisioning<Settings> extends Omit<ResolvedProvisionOptions<Settings>, 'seed'> {
  readonly kind: 'provision' | 'import';
  /** All else that a later call must have been given as well, to finish this one. */
  readonly definition?: object;
  /** Runs in the transaction of the place, as its owner. */
  readonly within: ((client: Client, tenant: DirectoryTenant<Settings>, held: HeldPlace) => Promise<void>) | undefined;
}

/** Makes the tenant, or finishes what an earlier call with the same began. What fails leaves nothing. */
export async function runProvisioning<Settings>(options: Provisioning<Settings>): Promise<DirectoryTenant<Settings>> {
  const lock = await connectToMake(options.directory.database.config, "the directory's database", 'tenancy provision');
  try {
    const run = await begin(lock, options);
    let stage: PlaceStage = 'making';
    try {
      await make(lock, run, options, (reached) => {
        stage = reached;
      });
    } catch (error) {
      await undo(lock, run, options, error, stage);
    }
    return await finish(lock, run, options);
  } finally {
    await lock.end().catch(() => {});
  }
}

interface Run<Settings> {
  readonly tenant: DirectoryTenant<Settings>;
  readonly operation: Operation<PlaceRecord>;
}

/** Enters the tenant where nobody finds it yet, or finds the entry of a process that was killed. The connection holds its lock. */
async function begin<Settings>(lock: Client, options: Provisioning<Settings>): Promise<Run<Settings>> {
  const { directory, places, tenant, at } = options;
  const { database } = directory;
  const slug = slugOf(tenant.slug, directory.options.reserved);
  const { name = slug, plan = null, settings = {} } = tenant;
  const definition = { slug, id: tenant.id ?? null, name, plan, settings, at, ...options.definition };
  const begun = (id: string) =>
    Operation.begin<PlaceRecord>(database, lock, { tenant: id, kind: options.kind, definition, state: {} });
  const left = async () => {
    const id = await unfinishedBySlug(database, slug, lock);
    return id === null ? null : { operation: await begun(id), tenant: await directory.get(id, { on: lock }) };
  };
  const found = await left();
  if (found) return found;
  const { id = newTenantId() } = tenant;
  const place = places.placeFor({ ...tenant, id, slug }, at);
  await lock.query('begin');
  try {
    const created = await directory.create({ ...tenant, slug, id, place, status: 'provisioning' }, { on: lock });
    const operation = await begun(id);
    await lock.query('commit');
    return { tenant: created, operation };
  } catch (error) {
    await lock.query('rollback').catch(() => {});
    // Another process may have entered it since.
    const other = isTenantsError(error, 'tenant_exists') ? await left() : null;
    if (other) return other;
    throw error;
  }
}

/** The id of a tenant that nobody finds yet. */
export async function unfinishedBySlug(
  database: DirectoryDatabase,
  slug: string,
  on?: ClientBase,
): Promise<string | null> {
  const [row] = await database.ask<{ id: string }>(
    `select id from {s}.tenant where slug = $1 and status = 'provisioning'`,
    [slug],
    on,
  );
  return row?.id ?? null;
}

async function make<Settings>(
  lock: Client,
  { tenant, operation }: Run<Settings>,
  { directory, places, within, signal }: Provisioning<Settings>,
  onStage: (stage: PlaceStage) => void,
): Promise<void> {
  await makePlace({
    ...{ places, tenant, place: tenant.place, signal, onStage },
    record: operation.state,
    write: (record) => operation.done('begun', record),
    within: within && ((client, held) => within(client, tenant, held)),
    atLast: async (client) => {
      if (await isDirectory(client, lock, tenant.id, directory)) await enter(client, { tenant, operation }, directory);
    },
  });
}

/** True where the place's connection is to the directory's own database and may write there: the lock of this run is seen from it. */
async function isDirectory<Settings>(
  client: ClientBase,
  lock: Client,
  id: string,
  { database }: TenantDirectory<Settings>,
): Promise<boolean> {
  return isTrue(
    client,
    `select exists (select from pg_catalog.pg_locks where locktype = 'advisory' and granted and objsubid = 1 and pid = $1
        and database = (select oid from pg_catalog.pg_database where datname = current_database())
        and (classid::bigint << 32) | objid::bigint = hashtextextended('@tenancy operation ' || $2, 0))
      and 3 = (select count(*) from pg_catalog.pg_class c where c.relnamespace = to_regnamespace($3) and c.relname in ('tenant', 'event', 'operation')
        and has_schema_privilege(c.relnamespace, 'usage') and has_table_privilege(c.oid, 'select')
        and has_table_privilege(c.oid, 'insert') and has_table_privilege(c.oid, 'update')) as answer`,
    [processOf(lock), id, database.schema],
  );
}

/** Lets the tenant be found. */
async function enter<Settings>(
  client: ClientBase,
  { tenant, operation }: Run<Settings>,
  directory: TenantDirectory<Settings>,
): Promise<void> {
  await operation.end(client);
  await directory.turn(tenant.id, { from: ['provisioning'], to: 'active', event: 'created' }, { on: client });
}

async function finish<Settings>(
  lock: Client,
  run: Run<Settings>,
  { directory }: Provisioning<Settings>,
): Promise<DirectoryTenant<Settings>> {
  const { id } = run.tenant;
  if ((await directory.get(id, { on: lock })).status === 'provisioning') {
    await directory.database.transaction((client) => enter(client, run, directory));
  }
  return directory.get(id, { on: lock });
}

/** Takes back what there is of it. Returns where the place was made after all, and the commit had no answer. */
async function undo<Settings>(
  lock: Client,
  { tenant, operation }: Run<Settings>,
  { directory, places }: Provisioning<Settings>,
  error: unknown,
  stage: PlaceStage,
): Promise<void> {
  const isLost = async (cause: unknown): Promise<never> => {
    await operation.failed((error as Error).message).catch(() => {});
    throw new TenantsError(
      'operation_failed',
      `${(error as Error).message} Then it could not be found out what is left of it, so the entry was kept, which nobody finds. Run the same again.`,
      { cause },
    );
  };
  if (!(await withdrawPlace(places, tenant.place, operation.state).catch(isLost))) {
    if (stage !== 'within') return;
    await operation.failed((error as Error).message).catch(() => {});
    throw new TenantsError(
      'operation_failed',
      `${(error as Error).message.replace(/\.?$/, '.')} What was written into the place had been committed by then, and is there. The entry was kept, which nobody finds. ` +
        'Let nothing commit it before its end. The same again enters the tenant, which can be deleted then.',
      { cause: error },
    );
  }
  await directory.database
    .ask(`delete from {s}.tenant where id = $1 and status = 'provisioning'`, [tenant.id], lock)
    .catch(isLost);
  if (!isTenantsError(error, 'operation_interrupted')) throw error;
  throw new TenantsError('operation_interrupted', 'the signal ended it. Nothing is left of it. Run it again.', {
    cause: error,
  });
}
