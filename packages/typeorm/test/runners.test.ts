import type { DataSource, QueryRunner } from 'typeorm';
import { describe, expect, it } from 'vitest';
import { tenantScoped } from '../src/index.js';
import {
  acme,
  context,
  globex,
  id,
  type Setting,
  settings,
  tenantId,
  tenants,
  text,
  withEntities,
} from './database/own-entities.js';

const refused = { code: 'scope_refused' };
const job = { name: 'Job', columns: { id, tenantId, title: text } };
const now = () => (context.isActive() ? context.tenantId : 'none');

const withJobs = (setting: Setting, work: (source: DataSource) => Promise<void>, options: object = {}) =>
  withEntities(
    setting,
    [job],
    async (source) => {
      for (const tenant of tenants)
        await context.run(tenant, () =>
          source
            .getRepository('Job')
            .insert(Array.from({ length: 20 }, (_, n) => ({ id: `${tenant.slug}-${n}`, title: 'x' }))),
        );
      await work(source);
    },
    { options },
  );

describe.each(settings.filter(({ database }) => database !== 'SQLite'))(
  'typeorm-12: what the connection calls, TypeORM $version on $database',
  (setting) => {
    it('listeners of a stream run as the tenant that asked for it, whoever opened the connection', () =>
      withJobs(
        setting,
        async (source) => {
          const jobs = source.getRepository('Job');
          const read = () =>
            new Promise<string[]>((resolve, reject) => {
              const seen: string[] = [];
              jobs
                .createQueryBuilder('j')
                .select('j.tenantId', 'of')
                .stream()
                .then((stream) => {
                  stream.on('data', (row: unknown) => seen.push(`${(row as { of: string }).of} ${now()}`));
                  stream.on('end', () => resolve([...seen, `${now()} ${now()}`]));
                  stream.on('error', reject);
                }, reject);
            });
          for (let round = 0; round < 3; round += 1) {
            await Promise.all(
              [acme, globex, globex, acme].map((tenant) =>
                context.run(tenant, async () => {
                  expect(new Set(await read())).toEqual(new Set([`${tenant.id} ${tenant.id}`]));
                }),
              ),
            );
          }
        },
        { poolSize: 2 },
      ));

    it("a stream that is iterated, or whose ends a query runner tells, is its tenant's too", () =>
      withJobs(
        setting,
        async (source) => {
          const builder = () => source.getRepository('Job').createQueryBuilder('j').select('j.tenantId', 'of');
          for (const tenant of [acme, globex, acme]) {
            await context.run(tenant, async () => {
              const seen: string[] = [];
              for await (const row of await builder().stream())
                seen.push(`${(row as unknown as { of: string }).of} ${now()}`);
              const runner = source.createQueryRunner();
              const [sql, parameters] = builder().getQueryAndParameters();
              await new Promise<void>((resolve, reject) => {
                const onEnd = () => resolve(void seen.push(`${now()} ${now()}`));
                runner.stream(sql, parameters, onEnd, reject).then((stream) => stream.resume(), reject);
              });
              await runner.release();
              expect(new Set(seen)).toEqual(new Set([`${tenant.id} ${tenant.id}`]));
            });
          }
        },
        { poolSize: 1 },
      ));

    it('subscribers and loggers hear of a query as its tenant', () =>
      withJobs(
        setting,
        async (source) => {
          const heard: string[] = [];
          const subscriber = { afterQuery: () => heard.push(`after ${now()}`) };
          source.subscribers.push(subscriber as never);
          for (const tenant of [acme, globex, acme]) {
            heard.length = 0;
            await context.run(tenant, async () => {
              await source.getRepository('Job').count();
              await source
                .getRepository('Job')
                .insert({ id: `${tenant.slug}-0`, title: 'x' })
                .catch(() => {});
            });
            expect(heard.length).toBeGreaterThan(1);
            expect(new Set(heard)).toEqual(new Set([`after ${tenant.id}`]));
          }
          source.subscribers.length = 0;
        },
        { poolSize: 1 },
      ));
  },
);

describe.each(settings)('typeorm-5: query runners, TypeORM $version on $database', (setting) => {
  it('are held whenever they were made, and by whichever way', () =>
    withJobs(setting, async (first) => {
      await first.destroy();
      // As `withEntities` does, but scoped when it is initialised already.
      const source = Reflect.construct(first.constructor, [{ ...first.options, synchronize: true }]) as DataSource;
      await source.initialize();
      const make = source.createQueryRunner.bind(source);
      const early = source.createQueryRunner();
      const driverMade = source.driver.createQueryRunner('master');
      const connected = source.createQueryRunner();
      await connected.query('SELECT 1');
      tenantScoped(source, { context });
      const runners: QueryRunner[] = [early, driverMade, connected, make(), source.createQueryRunner()];
      for (const runner of runners) {
        await context.run(acme, async () => {
          await expect(runner.query('SELECT * FROM job')).rejects.toMatchObject(refused);
          if (setting.database !== 'SQLite')
            await expect(runner.stream('SELECT * FROM job')).rejects.toMatchObject(refused);
          expect(await source.createQueryBuilder('Job', 'j', runner).getCount()).toBe(
            setting.database === 'SQLite' ? 0 : 20,
          );
        });
        await expect(runner.query('SELECT * FROM job')).rejects.toMatchObject({ code: 'tenant_context_missing' });
      }
      for (const runner of new Set(runners)) await runner.release();
      // Destroyed, it is as it was.
      await source.destroy();
    }));
});
