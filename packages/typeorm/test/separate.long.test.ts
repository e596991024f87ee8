import { randomBytes } from 'node:crypto';
import { type Tenant, TenantContext } from '@tenancy/core';
import { databasePerTenant, schemaPerTenant, TenantPool } from '@tenancy/postgres';
import { createDatabase } from '@tenancy/testing/postgres';
import pg from 'pg';
import type { DataSource, DataSourceOptions, EntitySchema, SelectQueryBuilder } from 'typeorm';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { tenantScoped } from '../src/index.js';
import { acme, globex, Job, Office, tenants, versions } from './database/floor-database.js';

const context = new TenantContext();
const schemaOf = ({ slug }: Tenant) => `tenant_${slug}`;

/** The same tables for each tenant, in a place of its own: no row says whose it is, but for its texts. */
const tables = ({ slug }: Tenant) => `
  create table office (id text primary key, city text not null);
  create table job (id text primary key, title text not null, "officeId" text references office);
  create table "query-result-cache" (id serial primary key, identifier varchar, time bigint not null, duration int not null,
    query text not null, result text not null);
  insert into office values ('office', '${slug} city');
  insert into job select 'job-' || n, '${slug} job ' || n, 'office' from generate_series(1, 3) n;`;

function entitiesOf(Schema: (typeof versions)[number]['Schema'], more: object = {}): EntitySchema[] {
  return [
    new Schema<Office>({
      name: 'Office',
      target: Office,
      columns: { id: { type: 'text', primary: true }, city: { type: 'text' } },
      relations: { jobs: { type: 'one-to-many', target: 'Job', inverseSide: 'office' } },
      ...more,
    }),
    new Schema<Job>({
      name: 'Job',
      target: Job,
      columns: { id: { type: 'text', primary: true }, title: { type: 'text' } } as never,
      relations: {
        office: { type: 'many-to-one', target: 'Office', inverseSide: 'jobs', joinColumn: { name: 'officeId' } },
      },
      ...more,
    }),
  ] as EntitySchema[];
}

const stops: (() => Promise<unknown>)[] = [];
afterAll(async () => {
  for (const stop of stops.reverse()) await stop();
});

async function openSchemas() {
  const database = await createDatabase(inject('postgresUrl'));
  const outside = new pg.Pool({ connectionString: database.url, max: 1 }).on('error', () => {});
  const role = `app_${randomBytes(6).toString('hex')}`;
  await outside.query(
    `create role ${role} login password 'floor'; revoke temporary on database ${database.name} from public`,
  );
  for (const tenant of tenants) {
    const schema = schemaOf(tenant);
    await outside.query(`create schema ${schema}; set search_path to ${schema}; ${tables(tenant)};
      grant usage on schema ${schema} to ${role}; grant all on all tables in schema ${schema} to ${role};
      grant all on all sequences in schema ${schema} to ${role}; reset search_path`);
  }
  // What all tenants read has a schema of its own, and is named with it.
  await outside.query(`create schema common; create table common.country (id text primary key); insert into common.country values ('CH');
    grant usage on schema common to ${role}; grant select on all tables in schema common to ${role}`);
  stops.push(async () => {
    await outside.end();
    await database.stop({ roles: [role] });
  });
  const url = new URL(database.url);
  url.username = role;
  url.password = 'floor';
  return { url: url.href, isolation: () => schemaPerTenant({ name: schemaOf }) };
}

async function openDatabases() {
  const urls = new Map<string, string>();
  for (const tenant of tenants) {
    const database = await createDatabase(inject('postgresUrl'));
    const outside = new pg.Client({ connectionString: database.url });
    await outside.connect();
    await outside.query(tables(tenant));
    await outside.end();
    urls.set(tenant.id, database.url);
    stops.push(() => database.stop());
  }
  const url = inject('postgresUrl');
  return {
    url,
    isolation: () => databasePerTenant({ connection: ({ id }) => urls.get(id) ?? '', maxConnectionsPerDatabase: 20 }),
  };
}

const places = [
  ['a schema for each tenant', openSchemas],
  ['a database for each tenant', openDatabases],
] as const;

describe.each(places)('%s', (_, openPlaces) => {
  let place: Awaited<ReturnType<typeof openPlaces>>;
  beforeAll(async () => {
    place = await openPlaces();
  });

  describe.each(versions)('TypeORM $version', ({ Source, Schema }) => {
    let source: DataSource;
    const open = async (
      { extra = {}, ...options }: { extra?: object } & Record<string, unknown> = {},
      scope: object = {},
    ) => {
      const opened = new Source({
        type: 'postgres',
        url: place.url,
        entities: entitiesOf(Schema),
        installExtensions: false,
        driver: { ...pg, Pool: TenantPool },
        extra: { context, isolation: place.isolation(), max: 3, ...extra },
        ...options,
      } as DataSourceOptions);
      return tenantScoped(opened, { context, ...scope }).initialize();
    };
    beforeAll(async () => {
      source = await open();
    });
    afterAll(() => source.destroy());
    const interleaved = (work: (slug: string) => Promise<unknown>) =>
      Promise.all(
        Array.from({ length: 6 }, () => tenants.map((tenant) => context.run(tenant, () => work(tenant.slug)))).flat(),
      );
    const streamed = async (builder: SelectQueryBuilder<Job>) => {
      const rows: Pick<Job, 'id' | 'title'>[] = [];
      const stream = await builder.select('job.id', 'id').addSelect('job.title', 'title').stream();
      for await (const row of stream) rows.push(row as unknown as Job);
      return rows;
    };
    const titles = (slug: string) => [1, 2, 3].map((n) => `${slug} job ${n}`);
    const titlesOf = (rows: readonly { title: string }[]) => rows.map(({ title }) => title).sort();

    it('P27: repositories, builders, relations and raw SQL see the same place, entities without a tenant and all', () =>
      interleaved(async (slug) => {
        const jobs = source.getRepository(Job);
        expect(titlesOf(await jobs.find())).toEqual(titles(slug));
        expect(titlesOf(await source.query('SELECT title FROM job'))).toEqual(titles(slug));
        expect((await jobs.findOneByOrFail({ id: 'job-1' })).title).toBe(`${slug} job 1`);
        const [office] = await source.getRepository(Office).find({ relations: { jobs: true } });
        expect([office?.city, titlesOf(office?.jobs ?? [])]).toEqual([`${slug} city`, titles(slug)]);
        const joined = await jobs
          .createQueryBuilder('j')
          .innerJoinAndSelect('j.office', 'o')
          .take(2)
          .orderBy('j.id')
          .getMany();
        expect(joined.map((job) => job.office?.city)).toEqual([`${slug} city`, `${slug} city`]);
      }));

    it('transactions, and what is written in them, stay in their place', () =>
      interleaved(async (slug) => {
        const work = source.transaction(async (manager) => {
          await manager.update(Job, { id: 'job-1' }, { title: 'changed' });
          expect(titlesOf(await manager.query('SELECT title FROM job'))).toContain('changed');
          throw new Error('changed my mind');
        });
        await expect(work).rejects.toThrow('changed my mind');
        expect(titlesOf(await source.getRepository(Job).find())).toEqual(titles(slug));
      }));

    it('T11: cached results are kept apart, under custom ids too', async () => {
      // A query that is cached holds a second connection while it has the first.
      const cached = await open({ cache: true, extra: { max: 40 } });
      for (let round = 0; round < 2; round += 1) {
        await interleaved(async (slug) => {
          const jobs = cached.getRepository(Job).createQueryBuilder('j');
          expect(titlesOf(await jobs.cache(60_000).getMany())).toEqual(titles(slug));
          expect(titlesOf(await jobs.cache('jobs', 60_000).getMany())).toEqual(titles(slug));
        });
      }
      await cached.destroy();
    });

    it('T18: a transaction of one tenant is refused to another', async () => {
      const runner = source.createQueryRunner();
      await context.run(acme, async () => {
        await runner.startTransaction();
        await runner.manager.find(Job);
      });
      await expect(context.run(globex, () => runner.manager.find(Job))).rejects.toMatchObject({
        code: 'query_tenant_changed',
      });
      await context.run(acme, () => runner.rollbackTransaction());
      await runner.release();
    });

    it('T12: nothing runs without a tenant, and work on the schema says where it belongs', async () => {
      await expect(source.getRepository(Job).find()).rejects.toMatchObject({ code: 'tenant_context_missing' });
      await expect(source.query('SELECT 1 + 1')).rejects.toMatchObject({ code: 'tenant_context_missing' });
      for (const work of [() => source.synchronize(), () => source.runMigrations(), () => source.dropDatabase()]) {
        await expect(work()).rejects.toMatchObject({
          code: 'scope_refused',
          message: expect.stringMatching(/@tenancy\/postgres/),
        });
      }
    });

    it('T12: does not start with `synchronize`, `dropSchema` or `migrationsRun`, under a tenant or none', async () => {
      class Later1700000000000 {
        async up(): Promise<void> {}
        async down(): Promise<void> {}
      }
      const asked = [
        { synchronize: true },
        { dropSchema: true },
        { migrationsRun: true, migrations: [Later1700000000000] },
      ];
      for (const option of asked) {
        await expect(open(option)).rejects.toMatchObject({ code: 'scope_refused' });
        await expect(context.run(acme, () => open(option))).rejects.toMatchObject({ code: 'scope_refused' });
      }
      await interleaved(async (slug) =>
        expect(titlesOf(await source.query('SELECT title FROM job'))).toEqual(titles(slug)),
      );
    });

    it('C2: any order of reads, writes, transactions and streams of all tenants leaves each what it alone wrote', async () => {
      const jobs = source.getRepository(Job);
      const due = new Map(tenants.map(({ slug }) => [slug, new Map<string, string>()]));
      await Promise.all(
        tenants.flatMap((tenant) =>
          [0, 1, 2, 3].map((caller) =>
            context.run(tenant, async () => {
              const { slug } = tenant;
              for (let round = 0; round < 25; round += 1) {
                // The same id in each tenant's place, and a text of its own.
                const id = `new-${caller}-${round}`;
                const title = `${slug} ${id}`;
                const works: (() => Promise<unknown>)[] = [
                  () => jobs.insert({ id, title }),
                  () => jobs.save({ id, title, office: { id: 'office' } }),
                  () => source.query('INSERT INTO job (id, title) VALUES ($1, $2)', [id, title]),
                  () =>
                    source.transaction(async (manager) => {
                      await manager.insert(Job, { id, title: 'for now' });
                      await manager.update(Job, { id }, { title });
                    }),
                ];
                await works[Math.floor(Math.random() * works.length)]?.();
                due.get(slug)?.set(id, title);
                const read = Math.random() < 0.5 ? await jobs.find() : await streamed(jobs.createQueryBuilder('job'));
                // Those of this tenant's other callers may be among them.
                expect(read.find((job) => job.id === id)?.title).toBe(title);
                expect(read.filter((job) => !job.title.startsWith(`${slug} `))).toEqual([]);
              }
            }),
          ),
        ),
      );
      for (const tenant of tenants) {
        const rows = await context.run(tenant, () => jobs.createQueryBuilder('j').where(`j.id LIKE 'new-%'`).getMany());
        expect(new Map(rows.map(({ id, title }) => [id, title]))).toEqual(due.get(tenant.slug));
        await context.run(tenant, () => jobs.delete([...(due.get(tenant.slug)?.keys() ?? [])]));
      }
      await interleaved(async (slug) => expect(titlesOf(await jobs.find())).toEqual(titles(slug)));
    });

    if (openPlaces === openSchemas) {
      it('P27: an entity that names a schema does not follow the tenant, and is refused unless it is shared', async () => {
        const pinned = entitiesOf(Schema, { schema: schemaOf(acme) });
        const code = { code: 'scope_misconfigured' };
        await expect(open({ entities: pinned })).rejects.toMatchObject(code);
        await expect(open({ schema: schemaOf(acme) })).rejects.toMatchObject(code);
        // TypeORM takes a point in a name for the end of a schema's.
        const dotted = new Schema({
          name: 'Job',
          tableName: `${schemaOf(acme)}.job`,
          columns: { id: { type: 'text', primary: true } },
        });
        await expect(open({ entities: [dotted] })).rejects.toMatchObject(code);
        const linked = new Schema({
          name: 'Tag',
          columns: { id: { type: 'text', primary: true } },
          relations: { jobs: { type: 'many-to-many', target: 'Job', joinTable: { schema: schemaOf(acme) } } },
        } as never);
        await expect(open({ entities: [...entitiesOf(Schema), linked] })).rejects.toMatchObject(code);
        const Country = new Schema({
          name: 'Country',
          schema: 'common',
          columns: { id: { type: 'text', primary: true } },
        });
        await expect(open({ entities: [...entitiesOf(Schema), Country] })).rejects.toMatchObject(code);
        const shared = await open({ entities: [...entitiesOf(Schema), Country] }, { shared: ['Country'] });
        await Promise.all(
          tenants.map((tenant) =>
            context.run(tenant, async () => {
              expect(await shared.getRepository('Country').find()).toEqual([{ id: 'CH' }]);
              expect(titlesOf(await shared.getRepository(Job).find())).toEqual(titles(tenant.slug));
            }),
          ),
        );
        await shared.destroy();
      });
    }
  });
});
