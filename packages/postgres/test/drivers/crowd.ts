import type { Tenant } from '@tenancy/core';
import { type FloorDatabase, tenants } from '../database/floor-database.js';
import { areOwn, type Crowd, interleaved } from '../pool/interleaved.js';

export interface Job {
  readonly tenant_id: string;
  readonly id: number;
  readonly title: string;
}

/** Counts an answer, and whether it is this tenant's ten rows, or as many as are due. */
export type Check = (rows: readonly unknown[], due?: number) => void;

/** Does `work` for callers of three tenants, with random waits in between, and counts what was wrong with the answers. */
export async function crowded(
  database: Pick<FloorDatabase, 'context'>,
  crowd: Crowd,
  work: (check: Check, tenant: Tenant, round: number, caller: number) => Promise<void>,
): Promise<{ queries: number; wrong: number }> {
  const count = { queries: 0, wrong: 0 };
  await interleaved(database, crowd, async (tenant, round, caller) => {
    for (let waits = Math.floor(Math.random() * 3); waits > 0; waits -= 1) await new Promise(setImmediate);
    const check: Check = (rows, due) => {
      count.queries += 1;
      if (!areOwn(tenant, rows, due)) count.wrong += 1;
    };
    await work(check, tenant, round, caller);
  });
  return count;
}

/** A tenant's jobs, from outside. */
export async function jobsOf({ outside }: Pick<FloorDatabase, 'outside'>, { id }: Tenant): Promise<Job[]> {
  return (await outside.query<Job>('select * from job where tenant_id = $1 order by id', [id])).rows;
}

/** Ten jobs for each tenant, as a new floor database has them. */
export async function resetJobs({ outside }: Pick<FloorDatabase, 'outside'>): Promise<void> {
  await outside.query('truncate job');
  for (const { id, slug } of tenants) {
    await outside.query(`insert into job select $1, n, $2 || ' job ' || n from generate_series(1, 10) n`, [id, slug]);
  }
}
