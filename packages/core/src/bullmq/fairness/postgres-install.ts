import { TenancyConfigurationError } from '../../errors/configuration-error.js';
import type { Pool } from './backend.js';
import { fairnessSql } from './postgres-schema.js';

/** Of ours alone: BullMQ's own migrations lock likewise, with another number. */
const LOCK = 7_325_184;

const installations = new WeakMap<Pool, Promise<void>>();

/** Once for each pool: the function, unless it is there. */
export function installed(pool: Pool): Promise<void> {
  const begun = installations.get(pool);
  if (begun) return begun;
  const installing = install(pool);
  installations.set(pool, installing);
  installing.catch(() => installations.delete(pool));
  return installing;
}

async function install(pool: Pool): Promise<void> {
  const { rows } = await pool.query(
    "SELECT 1 FROM pg_proc WHERE proname = 'tenancy_fair_v1' AND pg_function_is_visible(oid)",
  );
  if (rows.length > 0) return;
  try {
    // Several statements in one query are one transaction.
    await pool.query(`SELECT pg_advisory_xact_lock(${LOCK}, hashtext(current_schema()));${fairnessSql}`);
  } catch (error) {
    if ((error as { code?: string }).code !== '42501') throw error;
    throw new TenancyConfigurationError(
      'fairness',
      'needs two tables and a function in the schema of BullMQ, where this role may create nothing',
      'Run `fairnessSql` of @tenancy/core/bullmq there once, as the role that runs the migrations of BullMQ, and grant this role the tables.',
    );
  }
}
