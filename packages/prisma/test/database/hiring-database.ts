import { readFile } from 'node:fs/promises';
import { PrismaPg } from '@prisma/adapter-pg';
import { type Tenant, TenantContext } from '@tenancy/core';
import { createDatabase } from '@tenancy/testing/postgres';
import pg from 'pg';
import { inject } from 'vitest';
import { tenantScoped } from '../../src/index.js';
import { PrismaClient } from '../generated/client.js';

export const acme: Tenant = { id: 't_acme', slug: 'acme' };
export const globex: Tenant = { id: 't_globex', slug: 'globex' };
export const tenants = [acme, globex] as const;
export const otherThan = (tenant: Tenant): Tenant => (tenant === acme ? globex : acme);

export type HiringDatabase = Awaited<ReturnType<typeof openHiringDatabase>>;

/** A database of its own, a client without a scope to look from outside, and a scoped one. */
export async function openHiringDatabase() {
  const database = await createDatabase(inject('postgresUrl'));
  const context = new TenantContext();
  const pool = new ObservedPool({ connectionString: database.url, max: 5 });
  await pool.query(await readFile(new URL('schema.sql', import.meta.url), 'utf8'));
  const outsidePool = new pg.Pool({ connectionString: database.url });
  const outside = new PrismaClient({ adapter: new PrismaPg(outsidePool) });
  // Nothing is measured here: a busy machine may take its time.
  const transactionOptions = { maxWait: 60_000, timeout: 60_000 };
  const inside = new PrismaClient({ adapter: new PrismaPg(pool), transactionOptions });
  for (const each of [pool, outsidePool]) {
    each.on('error', onlyWhenDropped).on('connect', (client) => client.on('error', onlyWhenDropped));
  }
  const prisma = tenantScoped(inside, { context, shared: ['Country'] });
  return {
    context,
    outside,
    inside,
    prisma,
    pool,
    /** Every row of a tenant, read from outside, to compare before and after. */
    rowsOf: async ({ id: tenantId }: Tenant) => ({
      offices: await outside.office.findMany({ where: { tenantId }, orderBy: { id: 'asc' } }),
      jobs: await outside.job.findMany({ where: { tenantId }, orderBy: { id: 'asc' } }),
      candidates: await outside.candidate.findMany({ where: { tenantId }, orderBy: { id: 'asc' } }),
    }),
    /** Empties the tables and gives each tenant the same few rows under ids of its own. */
    seed: async () => {
      await pool.query('TRUNCATE "Candidate", "Job", "Office", "Country" RESTART IDENTITY');
      await outside.country.createMany({ data: [{ code: 'CH', name: 'Switzerland' }] });
      for (const { id: tenantId, slug } of tenants) {
        await outside.office.create({
          data: { tenantId, id: `${slug}-office`, city: `${slug} city`, countryCode: 'CH' },
        });
        await outside.job.createMany({
          data: [1, 2, 3].map((n) => ({
            tenantId,
            id: `${slug}-job-${n}`,
            title: `job ${n}`,
            salary: n * (slug === 'acme' ? 100 : 1000),
            officeId: `${slug}-office`,
          })),
        });
        await outside.candidate.createMany({
          data: [1, 2].map((n) => ({
            tenantId,
            email: `c${n}@example.com`,
            jobId: `${slug}-job-${n}`,
            tags: [slug],
          })),
        });
      }
    },
    stop: async (roles: readonly string[] = []) => {
      await outside.$disconnect();
      await inside.$disconnect();
      await Promise.all([pool.end(), outsidePool.end()]);
      await database.stop({ roles });
    },
  };
}

/** Dropping the database cuts off connections that are still saying goodbye. */
function onlyWhenDropped(error: Error & { readonly code?: string }): void {
  if (error.code !== '57P01') throw error;
}

/** A pool that remembers in which tenant's context each statement was sent. */
export class ObservedPool extends pg.Pool {
  readonly sent: { readonly tenantId: string | null; readonly text: string; readonly values: readonly unknown[] }[] =
    [];
  readonly #context = new TenantContext();

  // biome-ignore lint/suspicious/noExplicitAny: `query` has eight overloads, and all are passed on as they are.
  override query(...args: any[]): any {
    const [query, values] = args as [string | { text: string; values?: unknown[] }, unknown[] | undefined];
    this.sent.push({
      tenantId: this.#context.isActive() ? this.#context.tenantId : null,
      text: typeof query === 'string' ? query : query.text,
      values: (typeof query === 'string' ? values : (query.values ?? values)) ?? [],
    });
    return super.query(...(args as Parameters<pg.Pool['query']>));
  }
}

/** The interleaved twin of a test: both tenants do the same work many times at once, with random waits in between. */
export async function interleaved(
  context: TenantContext,
  work: (tenant: Tenant, other: Tenant, round: number) => Promise<void>,
  rounds = 10,
): Promise<void> {
  const runs = tenants.flatMap((tenant) =>
    Array.from({ length: rounds }, (_, round) =>
      context.run(tenant, async () => {
        for (let waits = Math.floor(Math.random() * 4); waits > 0; waits -= 1) await new Promise(setImmediate);
        await work(tenant, otherThan(tenant), round);
      }),
    ),
  );
  await Promise.all(runs);
}
