import type { Client } from 'pg';
import type { Finding } from '../doctor/diagnosis/rule.js';
import { type Adoption, STAGES } from './adopt/adoption.js';
import { type FillingTrigger, fillingTriggers } from './adopt/filling-triggers.js';
import { type ObservedTable, observe, requireNoOtherReaders, requireNothingHidden } from './adopt/observe.js';
import { type OldKey, oldKeys } from './adopt/old-keys.js';
import { refuseImpossible } from './adopt/refusals.js';
import { changesOf } from './adopt/stages.js';
import { type RuledTable, readRules } from './adopt/tenant-rule.js';
import { requireNoWaysRound, waysRound } from './adopt/ways-round.js';
import { type AdoptOptions, adoptionOf } from './adopt-options.js';
import { type ChangeResult, makeChange } from './make-change.js';
import { ChangeError, isChangeError } from './plan/change-error.js';
import { type Change, planChange, usualName } from './plan/plan-change.js';
import { readRecords } from './plan/record.js';
import { connect } from './run/connect.js';
import { checkSignal } from './run/run.js';

/** The result of {@link adopt}. */
export interface AdoptResult {
  /** The changes in their order, each of which is in `public.tenancy_changes` under its name. */
  readonly changes: readonly ChangeResult[];
  /** The keys without tenant that were found at the beginning: what old code meets, `ON CONFLICT` above all. */
  readonly oldKeys: readonly OldKey[];
  /** Rows that policies would hide of each table; empty before the stage `observe`. */
  readonly observed: readonly ObservedTable[];
  /**
   * Ways round the policies, as the doctor finds them: from the stage `observe` on, where the connection is a superuser's. Those of the severity
   * `error` refuse the stage `enforce`.
   */
  readonly findings: readonly Finding[];
  /** Triggers for old code that are there still after the stage `enforce`: they give rows without a tenant the one of the rule. */
  readonly triggers: readonly FillingTrigger[];
}

/**
 * Makes a database of one tenant one of many while it runs: the tenant column in every table, keys that contain it, and policies.
 * Each table is a row of changes as {@link change} makes them, in transactions of its own; it may be stopped at any moment, with
 * `kill -9` too, and calling it again goes on where it was. What would fail on the way is looked for before the first step.
 *
 * @throws ChangeError as {@link change} does; `change_impossible` also for rows without a tenant or in between two, by their number.
 *
 * @throws TenantFloorError `floor_misconfigured` for an option that is wrong or unknown.
 *
 * @example
 * ```ts
 * import { adopt } from '@tenancy/postgres/changes';
 *
 * const { oldKeys } = await adopt({
 *   connection: 'postgres://maintenance@localhost/app',
 *   tables: [
 *     { name: 'company', value: 'id' },
 *     { name: 'job', through: 'company_id' },
 *     { name: 'application', through: 'job_id' },
 *   ],
 *   type: 'bigint',
 *   until: 'keys',
 * });
 * for (const { message } of oldKeys) console.error(message);
 * ```
 */
export async function adopt(options: AdoptOptions): Promise<AdoptResult> {
  const adoption = adoptionOf(options);
  const changes: ChangeResult[] = [];
  const make = async (wanted: readonly Change[]) => {
    for (const one of wanted) {
      const name = usualName(one);
      const made = makeChange({ ...options, limits: adoption.limits }, one, name);
      changes.push(
        await made.catch((error: unknown) => {
          throw other(name, error);
        }),
      );
    }
  };
  const before = await looking(options, adoption, async (client, tables) => {
    await refuseImpossible(client, adoption, tables);
    await planAll(
      client,
      STAGES.flatMap((stage) => changesOf(stage, tables, adoption)),
    );
    return tables;
  });
  for (const stage of ['expand', 'keys', 'observe'] as const) await make(changesOf(stage, before, adoption));
  // Those that are there still: of dropped ones old code has nothing more to be told.
  const there = options.dryRun === true ? before : await looking(options, adoption, async (_, tables) => tables);
  const result = { changes, oldKeys: oldKeys(there), observed: [], findings: [], triggers: [] };
  const { policies } = adoption;
  if (!policies || !adoption.reaches('observe')) return result;
  const isReal = options.dryRun !== true && adoption.reaches('enforce');
  const found = await looking(options, adoption, async (client, tables) => {
    const observed = await observe(client, tables, policies);
    const findings = await waysRound(options.connection, policies, false);
    if (isReal) {
      requireNothingHidden(observed);
      requireNoWaysRound(findings);
      await requireNoOtherReaders(client, policies, tables);
    }
    return { observed, findings: findings ?? [] };
  });
  await make(changesOf('enforce', before, adoption));
  if (!isReal) return { ...result, ...found };
  const findings = await waysRound(options.connection, policies, true);
  const triggers = await looking(options, adoption, (client) =>
    fillingTriggers(client, changesOf('expand', before, adoption)),
  );
  return { ...result, ...found, findings: findings ?? [], triggers };
}

/** Plans what was not begun yet, for what is refused then: nothing of a stage is done where a later one could not be. */
async function planAll(client: Client, wanted: readonly Change[]): Promise<void> {
  for (const change of wanted) {
    const name = usualName(change);
    const [known] = await readRecords(client, name);
    if (known === undefined || known.state === 'abandoned') await planChange(client, change, name);
  }
}

function other(name: string, error: unknown): unknown {
  if (!isChangeError(error, 'change_differs')) return error;
  return new ChangeError(
    'change_differs',
    `${name} was made by another rule, type or role than is passed now. Nothing of it was done again. Call adopt with what it was called with; ` +
      'roles and policies of tables that are adopted are changed by `compilePolicies`, in a migration.',
    { cause: error },
  );
}

/** Reads the tables as they are now, on a connection of its own. */
async function looking<R>(
  { connection, signal }: AdoptOptions,
  adoption: Adoption,
  work: (client: Client, tables: readonly RuledTable[]) => Promise<R>,
): Promise<R> {
  const run = { name: 'adopt', signal };
  checkSignal(run);
  const client = await connect(connection, 'tenancy adopt', 'public, pg_temp');
  // The server ends a count that nobody waits for any more.
  const abort = () => void client.end().catch(() => {});
  signal?.addEventListener('abort', abort);
  try {
    return await work(client, await readRules(client, adoption));
  } catch (error) {
    checkSignal(run);
    throw error;
  } finally {
    signal?.removeEventListener('abort', abort);
    await client.end().catch(() => {});
  }
}
