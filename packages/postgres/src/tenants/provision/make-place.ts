import type { Tenant } from '@tenancy/core';
import type { Client, ClientBase } from 'pg';
import { tryAgain } from '../../direct/try-again.js';
import { quoted } from '../../isolation/schema-name.js';
import type { TenantPlace } from '../../isolation/tenant-place.js';
import { createLedger, DATABASE, readLedger, stateOf } from '../../migrations/ledger/ledger.js';
import { pendingMigrations } from '../../migrations/ledger/pending-migrations.js';
import { isMigrationError } from '../../migrations/outcome/migration-error.js';
import { applySquashed } from '../../migrations/run/apply-squashed.js';
import { applyPolicies } from '../../migrations/run/policies.js';
import type { Squashed } from '../../migrations/run/squashed.js';
import { ask, isTrue } from '../../protocol/ask.js';
import { AS_OPENED } from '../../protocol/left-on-session.js';
import { checkInterrupted } from '../fence/with-lock.js';
import { connectToMake } from '../places/connect.js';
import type { TenantPlaces } from '../places/tenant-places.js';
import { TenantsError } from '../tenants-error.js';
import { endedTransaction } from './ended-transaction.js';
import type { HeldPlace } from './held-seed.js';
import { nameTaken } from './name-taken.js';
import { createDatabase, dropHalfMade, limitOf, newToken, openedDatabase } from './place-database.js';
import { migrationsOf, squashedOf } from './place-migrations.js';
import { isMade, type PlaceRecord } from './place-record.js';

/** The part that is at work: all before `within`, what is written into the place, and its commit, which may have no answer. */
export type PlaceStage = 'making' | 'within' | 'commit';

/** Options of {@link makePlace}. */
export interface MakePlaceOptions {
  readonly places: TenantPlaces;
  readonly tenant: Tenant;
  readonly place: TenantPlace;
  /** All that an earlier call has written of the same place; empty where there was none. */
  readonly record: PlaceRecord;
  /** Writes it down, on a connection of its own, where a kill does not reach it. */
  readonly write: (record: PlaceRecord) => Promise<void>;
  readonly signal?: AbortSignal | undefined;
  /** Runs in the transaction of the place, as the owner, with the tenant and the place's search path bound. */
  readonly within?: ((client: Client, held: HeldPlace) => Promise<void>) | undefined;
  /** Told before `within` and the commit, at which an error has another meaning. */
  readonly onStage?: ((stage: PlaceStage) => void) | undefined;
  /** Runs last in that transaction, when it is sure that `within` has not ended it. */
  readonly atLast?: ((client: ClientBase) => Promise<void>) | undefined;
}

/** The beginning of `application_name`; not that of a run of migrations, which ends what is left of an earlier one. */
const APPLICATION = 'tenancy place';

/** Milliseconds that a place is tried for while others hold a lock, and that one try waits (O22). */
const PATIENCE = { lockPatienceMillis: 60_000, lockTimeoutMillis: 100, signal: null };

/** Milliseconds for what a killed process left at work in the place to end. */
const ORPHANS_END = 10_000;

/**
 * Makes the place of a tenant at the current version, in one transaction: schema or tables, policies, rights, ledger, and what `within` does. For
 * rows beside others' there is nothing to make. One that was cut off after its commit is found to be there by its record, and `within` does not run
 * again; before its commit nothing of it is left, but a database, which is dropped and made again where the record says that it is ours.
 *
 * @throws TenantsError `place_unusable` for a schema or database of the name that is not ours, and for shared tables that are not up to date;
 * MigrationError as `migrate`; and what `within` throws. Nothing is left then.
 */
export async function makePlace(options: MakePlaceOptions): Promise<void> {
  const { places, place, record, signal } = options;
  const { kind, name } = place;
  const whole = kind === 'rows' ? null : await squashedOf(places, kind);
  const server = await connectToServer(places, place);
  try {
    if (await isMade(server, record)) return;
    checkInterrupted(signal);
    if (whole === null) await inRows(server, options);
    else if (kind === 'schema') await inSchema(server, name as string, whole, options);
    else await inDatabase(server, name as string, whole, options);
  } finally {
    await server.end().catch(() => {});
  }
}

/**
 * Sees that nothing is left of a place that was begun and not made.
 *
 * @returns false where it was made, and is left as it is
 */
export async function withdrawPlace(places: TenantPlaces, place: TenantPlace, record: PlaceRecord): Promise<boolean> {
  if (record.transaction === undefined && record.token === undefined) return true;
  const server = await connectToServer(places, place);
  try {
    if (await isMade(server, record)) return false;
    if (record.token !== undefined) await dropHalfMade(server, place.name as string, record.token);
    return true;
  } finally {
    await server.end().catch(() => {});
  }
}

function connectToServer(places: TenantPlaces, place: TenantPlace): Promise<Client> {
  const server = places.connectionTo({ ...place, kind: 'rows' });
  return connectToMake(server, `the server ${JSON.stringify(place.server)}`, APPLICATION);
}

async function inRows(client: Client, options: MakePlaceOptions): Promise<void> {
  const migrations = await migrationsOf(options.places);
  const { behind } = await readLedger(client, [DATABASE], await stateOf(client, migrations));
  const entries = behind.get(DATABASE);
  const pending = entries === undefined ? [] : pendingMigrations(migrations, entries);
  if (pending.length > 0) {
    throw new TenantsError(
      'place_unusable',
      `the shared tables lack ${pending.map(({ migration }) => migration.name).join(', ')}. Nothing was done. Run \`tenancy migrate\` first.`,
    );
  }
  if (!options.within && !options.atLast) return;
  await client.query('begin');
  await finished(client, options);
}

async function inSchema(client: Client, schema: string, whole: Squashed, options: MakePlaceOptions): Promise<void> {
  const { role, shared, policies } = options.places;
  await createLedger(client);
  const { behind, missing } = await readLedger(client, [schema], await stateOf(client, whole.migrations));
  const entries = behind.get(schema) ?? [];
  const isKnown = entries.some(({ done, isApplied }) => isApplied || done > 0);
  if (!missing.has(schema) || isKnown) throw nameTaken('schema', schema);
  const target = { target: schema, schema, isNew: true, role, shared };
  await withoutOrphan(() =>
    applySquashed(client, target, entries, whole, {
      ...PATIENCE,
      policies: (opened) => applyPolicies(opened, policies, schema),
      after: [],
    }),
  );
  await finished(client, options);
}

async function inDatabase(server: Client, name: string, whole: Squashed, options: MakePlaceOptions): Promise<void> {
  const { record, write } = options;
  const { token = newToken() } = record;
  if (record.token === undefined) {
    // Written down while there is none, so that a database of somebody else is never taken for ours.
    if ((await limitOf(server, name)) !== null) throw nameTaken('database', name);
    await write({ ...record, token });
  }
  await createDatabase(server, name, token);
  try {
    await fillDatabase(name, whole, { ...options, record: { ...record, token } });
  } catch (error) {
    await dropHalfMade(server, name, token).catch(() => {});
    throw error;
  }
}

async function fillDatabase(name: string, whole: Squashed, options: MakePlaceOptions): Promise<void> {
  const { place, places } = options;
  const { policies, shared } = places;
  const client = await connectToMake(places.connectionTo(place), `the database ${JSON.stringify(name)}`, APPLICATION);
  try {
    await createLedger(client);
    const target = { target: DATABASE, schema: null, isNew: true, role: places.role, shared };
    await applySquashed(client, target, [], whole, {
      ...PATIENCE,
      policies: (opened) => applyPolicies(opened, policies, null),
      after: openedDatabase(name, [policies.role, ...(policies.adminRole === undefined ? [] : [policies.adminRole])]),
    });
    await finished(client, options);
  } finally {
    await client.end().catch(() => {});
  }
}

/** Ends the open transaction: its number is written down before `within` and the commit, so that a later call can ask what became of it. */
async function finished(client: Client, options: MakePlaceOptions): Promise<void> {
  const { record, write, signal, within, onStage, atLast } = options;
  try {
    const held = await bind(client, options);
    const { transaction } = held;
    await write({ ...record, transaction });
    checkInterrupted(signal);
    onStage?.('within');
    await within?.(client, held);
    await checkTransaction(client, transaction);
    if (within) {
      // Nothing that was left there is in force, or stands in front of a catalog, for whoever enters the tenant.
      await client.query(AS_OPENED.join('; '));
      await bind(client, options);
    }
    checkInterrupted(signal);
    await atLast?.(client);
    onStage?.('commit');
    await client.query('commit');
  } catch (error) {
    await client.query('rollback').catch(() => {});
    throw error;
  }
}

/** @returns all that was bound */
async function bind(client: Client, { places, place, tenant }: MakePlaceOptions): Promise<HeldPlace> {
  const { setting = 'app.tenant_id' } = places.policies;
  const settings: [string, string][] = [[setting, tenant.id]];
  if (place.kind === 'schema') {
    settings.push(['search_path', [place.name as string, ...places.shared].map(quoted).join(', ')]);
  }
  const [row] = await ask<'transaction' | 'login'>(
    client,
    `select pg_current_xact_id() as transaction, session_user as login,
      (select count(set_config(name, value, true)) from unnest($1::text[], $2::text[]) s (name, value))`,
    [settings.map(([name]) => name), settings.map(([, value]) => value)],
  );
  const { transaction, login } = row as { readonly transaction: string; readonly login: string };
  return { settings, transaction, login, ownsTables: place.kind !== 'rows' };
}

async function checkTransaction(client: Client, transaction: string): Promise<void> {
  const isSame = await isTrue(client, 'select pg_current_xact_id_if_assigned() = $1::xid8 as answer', [
    transaction,
  ]).catch(() => false);
  if (!isSame) throw endedTransaction();
}

/** A killed process may be at work in the schema for a moment still, until the server ends it. */
function withoutOrphan<R>(work: () => Promise<R>): Promise<R> {
  return tryAgain(work, {
    isAgain: (error) => isMigrationError(error, 'migration_busy'),
    patience: ORPHANS_END,
    pause: { first: 50, longest: 500 },
    givenUp: (error) => error,
  });
}
