import type { Client, ClientConfig } from 'pg';
import { ask } from '../../protocol/ask.js';
import { MigrationError } from '../outcome/migration-error.js';
import type { MigrationsOptions } from '../run/migrate-options.js';
import { resolveTargets, TARGETS_AT_ONCE } from '../run/resolve-options.js';
import { connect, runName } from '../run/session.js';
import { OBJECTS } from './objects-query.js';

/** Options of {@link schemaDrift}. */
export interface SchemaDriftOptions
  extends Required<Pick<MigrationsOptions, 'targets'>>,
    Pick<MigrationsOptions, 'connection'> {
  /**
   * The id of the tenant that is right.
   * @defaultValue the one that most others are equal to
   */
  readonly reference?: string;
}

/** A tenant whose schema is another one than that of the reference, though the same migrations made both. */
export interface DriftedTarget {
  readonly tenant: string;
  /** The statements that would make what it lacks or has otherwise, as the reference has it. */
  readonly missing: readonly string[];
  /** Those that made what only it has, or has otherwise. */
  readonly extra: readonly string[];
}

/** The result of {@link schemaDrift}. */
export interface SchemaDrift {
  /** The tenant that the others are compared with; null where there is none. */
  readonly reference: string | null;
  readonly targets: number;
  readonly different: readonly DriftedTarget[];
}

/**
 * Finds tenants whose schema or database (`public` in it) is not like the others': somebody changed it by hand, or a migration met other
 * data there. Tables, columns, keys, indexes, views, functions, types, triggers, policies and rights are compared by what they are, in catalogs
 * alone; the order of columns is not, and neither are rows.
 *
 * @throws MigrationError `target_unknown` for a reference that is not in the list, `target_unreachable`.
 * @throws TenantFloorError `floor_misconfigured` for an option that is wrong or unknown.
 *
 * @example
 * ```ts
 * import { eachSchema, schemaDrift } from '@tenancy/postgres/migrations';
 *
 * const targets = eachSchema({ tenants: [{ id: 'acme', slug: 'acme' }] });
 * for (const { tenant, missing } of (await schemaDrift({ connection: 'postgres://localhost/app', targets })).different) {
 *   console.log(tenant, missing.join(';\n'));
 * }
 * ```
 */
export async function schemaDrift(options: SchemaDriftOptions): Promise<SchemaDrift> {
  const { connection, targets } = resolveTargets('schemaDrift', options, ['reference']);
  const places = await (targets.kind === 'schemas'
    ? schemas(connection as string, await targets.list())
    : databases(await targets.list()));
  try {
    const { reference } = options;
    if (reference !== undefined && !places.some(({ tenant }) => tenant === reference)) {
      throw new MigrationError(
        'target_unknown',
        `there is no tenant ${JSON.stringify(reference)} in the list of tenants. Correct the id.`,
      );
    }
    const right = places.find(({ tenant }) => tenant === reference) ?? commonest(places);
    if (!right) return { reference: null, targets: 0, different: [] };
    const expected = await right.objects();
    const different: DriftedTarget[] = [];
    for (const place of places) {
      if (place.fingerprint === right.fingerprint) continue;
      const found = await place.objects();
      different.push({ tenant: place.tenant, missing: beyond(expected, found), extra: beyond(found, expected) });
    }
    return { reference: right.tenant, targets: places.length, different };
  } finally {
    await Promise.all(places.map(({ close }) => close()));
  }
}

/** Statements by what they make. */
type Objects = ReadonlyMap<string, string>;

interface Place {
  readonly tenant: string;
  readonly fingerprint: string;
  objects(): Promise<Objects>;
  close(): Promise<void>;
}

async function schemas(
  connection: string | ClientConfig,
  targets: readonly { readonly tenant: string; readonly schema: string }[],
): Promise<Place[]> {
  const client = await looking(connection);
  let ended: Promise<void> | undefined;
  const close = () => {
    ended ??= client.end().catch(() => {});
    return ended;
  };
  const found = await fingerprints(
    client,
    targets.map(({ schema }) => schema),
  );
  return targets.map(({ tenant, schema }) => ({
    tenant,
    fingerprint: found.get(schema) ?? '',
    objects: () => objectsOf(client, schema),
    close,
  }));
}

async function databases(
  targets: readonly { readonly tenant: string; connection(): Promise<string | ClientConfig> }[],
): Promise<Place[]> {
  const places: Place[] = [];
  let next = 0;
  const work = async () => {
    while (next < targets.length) {
      const { tenant, connection } = targets[next] as (typeof targets)[number];
      next += 1;
      const once = async <Result>(use: (client: Client) => Promise<Result>) => {
        const client = await looking(await connection());
        return use(client).finally(() => client.end());
      };
      const fingerprint = (await once((client) => fingerprints(client, ['public']))).get('public') ?? '';
      places.push({
        tenant,
        fingerprint,
        objects: () => once((client) => objectsOf(client, 'public')),
        close: async () => {},
      });
    }
  };
  await Promise.all(Array.from({ length: Math.min(TARGETS_AT_ONCE, targets.length) }, work));
  return places.sort(({ tenant }, { tenant: other }) => (tenant < other ? -1 : 1));
}

async function looking(connection: string | ClientConfig): Promise<Client> {
  const client = await connect(connection, runName());
  await client.query("set search_path to ''; set default_transaction_read_only to on");
  return client;
}

async function fingerprints(client: Client, names: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const rows = await ask<'schema' | 'fingerprint'>(
    client,
    `select schema, md5(string_agg(concat_ws(' ', kind, name, statement), ';' order by kind, name, statement)) as fingerprint
     from (${OBJECTS}) object group by schema`,
    [names],
  );
  return new Map(rows.map(({ schema, fingerprint }) => [schema as string, fingerprint as string]));
}

async function objectsOf(client: Client, schema: string): Promise<Objects> {
  const rows = await ask<'kind' | 'name' | 'statement'>(client, `${OBJECTS} order by kind, name`, [[schema]]);
  return new Map(rows.map(({ kind, name, statement }) => [`${kind} ${name}`, statement as string]));
}

function commonest(places: readonly Place[]): Place | undefined {
  const counts = new Map<string, number>();
  for (const { fingerprint } of places) counts.set(fingerprint, (counts.get(fingerprint) ?? 0) + 1);
  return places.toSorted((one, other) => (counts.get(other.fingerprint) ?? 0) - (counts.get(one.fingerprint) ?? 0))[0];
}

function beyond(objects: Objects, others: Objects): string[] {
  return [...objects].filter(([name, statement]) => others.get(name) !== statement).map(([, statement]) => statement);
}
