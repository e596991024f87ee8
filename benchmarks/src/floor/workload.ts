import type { Tenant } from '@tenancy/core';
import type { FloorCase, Job } from './case.js';

const ROWS_EACH = 1_000;

export const tenants: readonly Tenant[] = Array.from({ length: 50 }, (_, n) => {
  const slug = `company-${String(n).padStart(2, '0')}`;
  return { id: `t_${slug}`, slug };
});

export const ROWS = tenants.length * ROWS_EACH;

/** The rows of all tenants lie between each other, as they do when each writes one now and then. */
const idOf = (tenant: number, row: number) => 1 + tenant + row * tenants.length;

/**
 * One query: the rows that it reads, and who asks.
 *
 * - `by-key`, `100-rows`: 20 callers of all tenants in turn, so that each connection goes to another tenant with every query.
 * - `one-tenant`: by key, 20 callers of one tenant, which follows itself on every connection.
 * - `one-caller`: by key, one query after the other, of all tenants in turn.
 */
export type Work = 'by-key' | '100-rows' | 'one-tenant' | 'one-caller';

export const callersOf = (work: Work): number => (work === 'one-caller' ? 1 : 20);

/** A query on its way: whose it is, how it is asked, and what must come back. */
export interface Query {
  readonly tenant: Tenant;
  /** To be called in the context of the tenant. */
  send(to: FloorCase): PromiseLike<unknown>;
  /** @throws when it is not the answer that this tenant must get. */
  check(answer: unknown): void;
}

/** The `turn`th query of a sample: every tenant in turn, every row of each as well. */
export function queryOf(work: Work, turn: number): Query {
  const index = work === 'one-tenant' ? 0 : turn % tenants.length;
  const tenant = tenants[index] as Tenant;
  if (work !== '100-rows') {
    // 7919 is prime, so that the rows of one tenant come in no order.
    const id = idOf(index, (Math.floor(turn / tenants.length) * 7919) % ROWS_EACH);
    return {
      tenant,
      send: (to) => to.byKey(id),
      check: (job) => check(job as Job | null | undefined, tenant, id),
    };
  }
  return {
    tenant,
    send: (to) => to.hundredRows(),
    check: (answer) => {
      const jobs = answer as readonly Job[];
      if (jobs.length !== 100) throw new Error(`${tenant.id} got ${jobs.length} rows for 100`);
      for (let row = 0; row < 100; row += 1) check(jobs[row], tenant, idOf(index, row));
    },
  };
}

function check(job: Job | null | undefined, tenant: Tenant, id: number): void {
  if (job?.tenantId === tenant.id && job.id === id && job.title === titleOf(id)) return;
  throw new Error(`${tenant.id} asked for its row ${id} and got ${JSON.stringify(job)}`);
}

export const titleOf = (id: number) => `Carpenter ${id}`;
