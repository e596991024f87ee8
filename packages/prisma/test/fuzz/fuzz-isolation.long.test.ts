import { readFile } from 'node:fs/promises';
import { PrismaPg } from '@prisma/adapter-pg';
import { TenantContext } from '@tenancy/core';
import { type FuzzIsolationOptions, fuzzIsolation, IsolationFuzzError } from '@tenancy/testing/oracle';
import { createDatabase, type PostgresServer, startPostgres, type TestDatabase } from '@tenancy/testing/postgres';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tenantScoped } from '../../src/index.js';
import { PrismaClient } from '../oracle/generated/postgresql/client.js';
import { tenancySchema } from '../oracle/generated/postgresql/tenancy.js';
import { initialRows, seedStatements, tenants } from '../oracle/rows.js';

const [acme, globex] = tenants as [(typeof tenants)[0], (typeof tenants)[0]];
const SEED = Number(process.env['FUZZ_SEED'] ?? 42);
const RUNS = Number(process.env['FUZZ_OPERATIONS'] ?? 200);
const context = new TenantContext();
let server: PostgresServer;
let database: TestDatabase;
let options: FuzzIsolationOptions;

const execute = async (url: string, sql: string) => {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows as Record<string, unknown>[];
  } finally {
    await client.end();
  }
};
const copies = () => execute(server.url, `select datname from pg_database where datname like 'tenancy_oracle_%'`);

beforeAll(async () => {
  // A server of its own: the copies on it are this file's alone, also while another run goes on beside it.
  server = await startPostgres();
  database = await createDatabase(server.url);
  const tables = await readFile(new URL('../oracle/tables.sql', import.meta.url), 'utf8');
  const rows = initialRows();
  await execute(
    database.url,
    `${tables.replaceAll('$tenant', 'nobody')}; set session_replication_role = replica; ${seedStatements(rows).join(';')}`,
  );
  options = { url: database.url, tenants: [acme, globex], tenantColumn: 'tenantId', schema: tenancySchema, seed: SEED };
});
afterAll(async () => {
  await database.stop();
  await server.stop();
});

const raw = (url: string) => new PrismaClient({ adapter: new PrismaPg({ connectionString: url }) });
const scoped = (url: string) => tenantScoped(raw(url), { context, shared: ['Country'] });

type Args = { readonly where?: object; readonly include?: object; readonly select?: object };
type Call = (args: Args) => unknown;
/** A scoped client, but for what `leak` puts in the place of one operation of every model. */
function leaking(method: string, leak: (raw: Call, scoped: Call) => Call) {
  return (url: string) => {
    const bare = raw(url);
    const held = tenantScoped(bare, { context, shared: ['Country'] });
    const client: Record<string, unknown> = { $disconnect: () => bare.$disconnect() };
    for (const property of Object.keys(tenancySchema.models).map((name) =>
      name.replace(/^./, (a) => a.toLowerCase()),
    )) {
      const [outside, inside] = [bare, held].map((each) => Reflect.get(each, property) as Record<string, Call>);
      client[property] = { ...inside, [method]: leak(outside?.[method] as Call, inside?.[method] as Call) };
    }
    return client;
  };
}

describe('fuzzIsolation over Prisma', () => {
  it('answers with a report when the client is scoped, and leaves the database as it was', async () => {
    const before = await execute(database.url, 'select * from "Candidate" order by id');
    const report = await fuzzIsolation(scoped, { ...options, runs: RUNS });
    if (process.env['FUZZ_OPERATIONS']) console.log(report);
    expect(report).toMatchObject({ seed: SEED, runs: RUNS });
    expect(Object.values(report.verdicts).reduce((sum, count) => sum + count)).toBe(RUNS);
    expect(report.verdicts.sameAnswer).toBeGreaterThan(RUNS * 0.4);
    expect(await execute(database.url, 'select * from "Candidate" order by id')).toEqual(before);
    expect(await copies()).toEqual([]);
  }, 3_600_000);

  const leaks: [string, string, (url: string) => object][] = [
    ['a client without a scope', '', raw],
    ['findFirst without the tenant', 'findFirst', leaking('findFirst', (bare) => bare)],
    ['a count without the tenant', 'count', leaking('count', (bare) => bare)],
    ['an update by id without the tenant', 'update', leaking('update', (bare) => bare)],
    ['a bulk delete without the tenant', 'deleteMany', leaking('deleteMany', (bare) => bare)],
    ['an aggregate without the tenant', 'aggregate', leaking('aggregate', (bare) => bare)],
    [
      'relations that are included without the tenant',
      'findMany',
      // Without a relation the scoped call is as it should be; with one, only its own rows are the tenant's.
      leaking('findMany', (bare, held) => (args) => {
        const isPlain = args.include === undefined && args.select === undefined;
        return isPlain
          ? held(args)
          : bare({ ...args, where: { AND: [args.where ?? {}, { tenantId: context.tenantId }] } });
      }),
    ],
    [
      // C3: only what runs at the same time shows it.
      'calls of one tick that run as who came first',
      'findMany',
      leaking('findMany', (_, held) => {
        let first: Call | null = null;
        return (args) => {
          first ??= context.bind(held);
          queueMicrotask(() => {
            first = null;
          });
          return first(args);
        };
      }),
    ],
    [
      'answers remembered without the tenant',
      'findUnique',
      leaking('findUnique', (_, held) => {
        const memory = new Map<string, unknown>();
        return (args) => {
          const key = JSON.stringify(args);
          if (!memory.has(key)) memory.set(key, held(args));
          return memory.get(key);
        };
      }),
    ],
  ];
  it.each(leaks)('finds %s', async (_name, method, open) => {
    const error = await fuzzIsolation(open, { ...options, runs: 2_000 }).then(
      (report) => expect.fail(`it found nothing: ${JSON.stringify(report)}`),
      (reason: unknown) => reason,
    );
    if (process.env['FUZZ_OPERATIONS']) console.log(String(error));
    expect(error).toBeInstanceOf(IsolationFuzzError);
    const { code, failed } = error as IsolationFuzzError;
    expect(code).toBe('isolation_broken');
    expect(failed?.code).toMatch(new RegExp(`prisma\\.\\w+\\.${method}`));
    expect(failed?.seed).toBe(SEED);
    expect(await copies()).toEqual([]);
  });
});
