import { type Tenant, TenantContext } from '@tenancy/core';
import { type FuzzIsolationOptions, fuzzIsolation, IsolationFuzzError } from '@tenancy/testing/oracle';
import { createDatabase, type TestDatabase } from '@tenancy/testing/postgres';
import { DataSource, EntitySchema } from 'typeorm';
import { DataSource as DataSource03, EntitySchema as EntitySchema03 } from 'typeorm-0.3';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { tenantScoped } from '../../src/index.js';

const SEED = Number(process.env['FUZZ_SEED'] ?? 42);
const RUNS = Number(process.env['FUZZ_OPERATIONS'] ?? 200);
const acme: Tenant = { id: 't_acme', slug: 'acme' };
const globex: Tenant = { id: 't_globex', slug: 'globex' };
const context = new TenantContext();

/** Columns with names of their own, keys that the database makes, and foreign keys without the tenant. */
function entitiesOf(Schema: typeof EntitySchema): EntitySchema<Record<string, unknown>>[] {
  const id = { type: String, primary: true } as const;
  const tenantId = { type: String, name: 'tenant_id' } as const;
  return [
    new Schema<Record<string, unknown>>({
      name: 'Country',
      columns: { code: { type: String, primary: true }, name: { type: String } },
    }),
    new Schema<Record<string, unknown>>({
      name: 'Office',
      columns: { id, tenantId, city: { type: String } },
      relations: {
        country: { type: 'many-to-one', target: 'Country', joinColumn: { name: 'country_code' }, nullable: true },
        jobs: { type: 'one-to-many', target: 'Job', inverseSide: 'office' },
      },
      uniques: [{ columns: ['tenantId', 'city'] }],
    }),
    new Schema<Record<string, unknown>>({ name: 'Tag', columns: { id, tenantId, label: { type: String } } }),
    new Schema<Record<string, unknown>>({
      name: 'Job',
      columns: {
        id,
        tenantId,
        title: { type: String },
        salary: { type: Number, default: 0 },
        officeId: { type: String, name: 'office_id', nullable: true },
        createdAt: { type: 'timestamp with time zone', createDate: true },
        deletedAt: { type: 'timestamp with time zone', deleteDate: true, nullable: true },
      },
      relations: {
        office: {
          type: 'many-to-one',
          target: 'Office',
          inverseSide: 'jobs',
          joinColumn: { name: 'office_id' },
          nullable: true,
        },
        tags: { type: 'many-to-many', target: 'Tag', joinTable: { name: 'job_tag' } },
        candidates: { type: 'one-to-many', target: 'Candidate', inverseSide: 'job' },
      },
    }),
    new Schema<Record<string, unknown>>({
      name: 'Candidate',
      columns: { id: { type: Number, primary: true, generated: 'increment' }, tenantId, email: { type: String } },
      relations: {
        job: {
          type: 'many-to-one',
          target: 'Job',
          inverseSide: 'candidates',
          joinColumn: { name: 'job_id' },
          nullable: false,
        },
      },
      uniques: [{ columns: ['tenantId', 'email'] }],
    }),
  ];
}

const versions = [
  ['1.x', DataSource, EntitySchema],
  // The two versions have the same options and no common types.
  ['0.3', DataSource03 as unknown as typeof DataSource, EntitySchema03 as unknown as typeof EntitySchema],
] as const;

let database: TestDatabase;
let options: FuzzIsolationOptions;
beforeAll(async () => {
  database = await createDatabase(inject('postgresUrl'));
  const source = await new DataSource({
    type: 'postgres',
    url: database.url,
    entities: entitiesOf(EntitySchema),
    synchronize: true,
    installExtensions: false,
  }).initialize();
  await source.query(`insert into country values ('CH', 'Switzerland'), ('AT', 'Austria')`);
  for (const { id, slug } of [acme, globex]) {
    await source.query(`
      insert into office (id, tenant_id, city, country_code)
        select '${slug}-office-' || n, '${id}', '${slug} city ' || n, case n when 1 then 'CH' end from generate_series(1, 2) n;
      insert into tag (id, tenant_id, label)
        select '${slug}-tag-' || n, '${id}', '${slug} label ' || n from generate_series(1, 2) n;
      insert into job (id, tenant_id, title, salary, office_id)
        select '${slug}-job-' || n, '${id}', '${slug} title ' || n, n, '${slug}-office-' || (n % 2 + 1) from generate_series(1, 3) n;
      insert into job_tag select '${slug}-job-' || n, '${slug}-tag-1' from generate_series(1, 2) n;
      insert into candidate (tenant_id, email, job_id)
        select '${id}', n || '@${slug}.example', '${slug}-job-' || n from generate_series(1, 3) n;
    `);
  }
  await source.destroy();
  options = { url: database.url, tenants: [acme, globex], tenantColumn: 'tenant_id', seed: SEED };
});
afterAll(() => database.stop());

type Open = (url: string) => DataSource;
const raw =
  (Source: typeof DataSource, Schema: typeof EntitySchema): Open =>
  (url) =>
    new Source({ type: 'postgres', url, entities: entitiesOf(Schema), installExtensions: false });
const scoped =
  (...version: Parameters<typeof raw>): Open =>
  (url) =>
    tenantScoped(raw(...version)(url), { context, shared: ['Country'] });

describe.each(versions)('fuzzIsolation over TypeORM %s', (_version, Source, Schema) => {
  it('answers with a report when the data source is scoped', async () => {
    const report = await fuzzIsolation(scoped(Source, Schema), { ...options, runs: RUNS });
    if (process.env['FUZZ_OPERATIONS']) console.log(report);
    expect(report).toMatchObject({ seed: SEED, runs: RUNS });
    expect(report.verdicts.sameAnswer).toBeGreaterThan(RUNS * 0.4);
  }, 3_600_000);
});

type Call = (...args: never[]) => unknown;
type Repository = Readonly<Record<string, Call>>;
/** A scoped data source, but for what `leak` puts in the place of one method of every repository. */
function leaking(method: string, leak: (bare: Repository, held: Repository) => Call) {
  return (url: string) => {
    const [bare, held] = [raw(DataSource, EntitySchema)(url), scoped(DataSource, EntitySchema)(url)];
    return {
      isInitialized: false,
      initialize: () => Promise.all([bare.initialize(), held.initialize()]),
      destroy: () => Promise.all([bare.destroy(), held.destroy()]),
      get entityMetadatas() {
        return held.entityMetadatas;
      },
      getRepository: (target: string) => {
        const [outside, inside] = [bare, held].map((each) => each.getRepository(target) as unknown as Repository);
        const leaky = leak(outside as Repository, inside as Repository);
        return new Proxy(inside as Repository, {
          get: (of, name) => (name === method ? leaky : Reflect.get(of, name)),
        });
      },
    };
  };
}

describe('fuzzIsolation over TypeORM', () => {
  const past = (method: string) => (bare: Repository) => (bare[method] as Call).bind(bare);
  const leaks: [string, RegExp, (url: string) => object][] = [
    ['a data source without a scope', /getRepository/, raw(DataSource, EntitySchema)],
    ['findOne without the tenant', /\.findOne\(/, leaking('findOne', past('findOne'))],
    ['a count without the tenant', /\.count\(/, leaking('count', past('count'))],
    ['an update by id without the tenant', /\.update\(/, leaking('update', past('update'))],
    ['a row that is saved by its key alone', /\.save\(/, leaking('save', past('save'))],
    [
      'an upsert that is stamped, and overwrites what has its key',
      /\.upsert\(/,
      leaking(
        'upsert',
        (bare) => (row: object, by: never) => bare['upsert']?.({ ...row, tenantId: context.tenantId } as never, by),
      ),
    ],
    [
      'a query builder without the tenant',
      /\.createQueryBuilder\(/,
      leaking('createQueryBuilder', past('createQueryBuilder')),
    ],
    [
      'relations that are loaded without the tenant',
      /\.find\(.*relations: \{ \w/s,
      // Only its own rows are the tenant's.
      leaking('find', (bare, held) => (given) => {
        const { where, ...rest } = given as { where?: object; relations?: object };
        if (!where || Array.isArray(where) || Object.keys(rest.relations ?? {}).length === 0)
          return held['find']?.(given);
        return bare['find']?.({ ...rest, where: { ...where, tenantId: context.tenantId } } as never);
      }),
    ],
  ];
  it.each(leaks)('finds %s', async (_name, printed, open) => {
    const error = await fuzzIsolation(open, { ...options, runs: 2_000 }).then(
      (report) => expect.fail(`it found nothing: ${JSON.stringify(report)}`),
      (reason: unknown) => reason,
    );
    if (process.env['FUZZ_OPERATIONS']) console.log(String(error));
    expect(error).toBeInstanceOf(IsolationFuzzError);
    expect(error).toMatchObject({
      code: 'isolation_broken',
      failed: { seed: SEED, code: expect.stringMatching(printed) },
    });
  });
});
