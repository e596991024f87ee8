import { randomBytes } from 'node:crypto';
import { PrismaPg } from '@prisma/adapter-pg';
import type { Tenant, TenantContext } from '@tenancy/core';
import { compilePolicies, createTenantPool, rowLevelSecurity, type TenantPool } from '@tenancy/postgres';
import { tenantScoped } from '../../src/index.js';
import { PrismaClient } from '../generated/client.js';
import { acme, globex, openHiringDatabase } from './hiring-database.js';
import { longTransactions } from './long-transactions.js';

export const initech: Tenant = { id: 't_initech', slug: 'initech' };
export const crowd = [acme, globex, initech] as const;

export type FloorDatabase = Awaited<ReturnType<typeof openFloorDatabase>>;

/** The hiring database under policies, with a third tenant, and clients of the application's own role on a tenant pool. */
export async function openFloorDatabase() {
  const db = await openHiringDatabase();
  const superuser = new URL(String(db.pool.options.connectionString));
  const role = `app_${randomBytes(6).toString('hex')}`;
  const tables = ['Office', 'Job', 'Candidate'].map((name) => ({ name, tenantColumn: 'tenantId' }));
  const { sql } = compilePolicies({
    role,
    tables,
    shared: [{ name: 'Country' }],
    database: superuser.pathname.slice(1),
  });
  await db.pool.query(sql);
  await db.pool.query(`alter role ${role} login password 'floor'`);
  for (const { name } of tables) {
    await db.pool.query(`alter table "${name}" alter "tenantId" set default current_setting('app.tenant_id')`);
  }
  const url = new URL(superuser);
  url.username = role;
  url.password = 'floor';
  const pools: TenantPool[] = [];
  const clients: PrismaClient[] = [];

  const pool = (max: number): TenantPool => {
    const isolation = rowLevelSecurity({ shared: ['Country'], tenantColumn: 'tenantId' });
    const made = createTenantPool({ connectionString: url.href, context: db.context, isolation, max });
    made.on('error', () => {});
    pools.push(made);
    return made;
  };
  const plain = (over: TenantPool): PrismaClient => {
    const client = new PrismaClient({ adapter: new PrismaPg(over), transactionOptions: longTransactions });
    clients.push(client);
    return client;
  };

  return {
    ...db,
    pool,
    /** A client without a scope: the floor alone holds it. */
    plain,
    /** A client with both: the scope and the floor. */
    scoped: (over: TenantPool) => tenantScoped(plain(over), { context: db.context, shared: ['Country'], floor: over }),
    seed: async () => {
      await db.seed();
      await db.outside.job.createMany({
        data: [1, 2, 3].map((n) => ({ tenantId: initech.id, id: `initech-job-${n}`, title: `job ${n}` })),
      });
      await db.outside.job.updateMany({ data: { salary: 0 } });
    },
    stop: async () => {
      await Promise.all(clients.map((client) => client.$disconnect()));
      await Promise.all(pools.map((each) => each.end()));
      await db.stop([role]);
    },
  };
}

/** Callers of three tenants at once, in turn; each waits at random before each of its rounds. */
export async function interleaved(
  context: TenantContext,
  { callers, rounds }: { readonly callers: number; readonly rounds: number },
  work: (tenant: Tenant, caller: number, round: number) => Promise<void>,
): Promise<void> {
  await Promise.all(
    Array.from({ length: callers }, (_, caller) => {
      const tenant = crowd[caller % crowd.length] as Tenant;
      return context.run(tenant, async () => {
        for (let round = 0; round < rounds; round += 1) {
          for (let waits = Math.floor(Math.random() * 3); waits > 0; waits -= 1) await new Promise(setImmediate);
          await work(tenant, caller, round);
        }
      });
    }),
  );
}

/** Mistakes, and how often each was made: one among thousands is named without ten thousand lines beside it. */
export class Tally {
  readonly counts: Record<string, number> = {};

  add(what: string): void {
    this.counts[what] = (this.counts[what] ?? 0) + 1;
  }

  /** Counts an error by its code or message; a rejected query is as wrong here as another tenant's row. */
  failure(operation: string, error: unknown): void {
    const { code, message } = error as { readonly code?: string; readonly message?: string };
    this.add(`${operation}: ${code ?? message?.trim().split('\n').at(-1)}`);
  }
}

/** Everybody who comes waits for the last, and all go on in one tick. */
export function meetingOf(size: number): () => Promise<void> {
  let missing = size;
  let open = () => {};
  const met = new Promise<void>((resolve) => {
    open = resolve;
  });
  return () => {
    missing -= 1;
    if (missing === 0) open();
    return met;
  };
}
