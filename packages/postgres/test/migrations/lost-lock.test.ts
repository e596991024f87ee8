import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eachSchema, type MigrateOptions, migrate } from '../../src/migrations.js';
import { servers } from '../database/servers.js';
import { failure, Workplace } from './workplace.js';

describe.each(servers)('$title', ({ url }) => {
  let place: Workplace;
  beforeEach(async () => {
    place = await Workplace.open(url);
  });
  afterEach(() => place.stop());

  const deferred = () => {
    let resolve = () => {};
    const promise = new Promise<void>((done) => {
      resolve = done;
    });
    return { promise, resolve };
  };

  describe('O18: a run whose lock is lost', () => {
    const tenants = ['t0', 't1', 't2', 't3'];
    /** Adds a row to each schema, and waits where it is told to. Nothing but the guard keeps it from being applied twice. */
    const adding = (wait: () => Promise<void> = async () => {}) => ({
      read: async () => [
        { name: '0001_seen', sql: 'create table seen (n int)' },
        {
          name: '0002_add',
          run: async (client: { query(sql: string): Promise<unknown> }) => {
            await client.query('insert into seen values (1)');
            await wait();
          },
        },
      ],
    });
    const rows = async () => {
      const all = tenants.map((tenant) => `select '${tenant}' as tenant, count(*)::int as n from ${tenant}.seen`);
      return place.rows(`${all.join(' union all ')} order by 1`);
    };
    const migrated = (migrations: ReturnType<typeof adding>, options: Partial<MigrateOptions> = {}) =>
      migrate({
        ...{ connection: place.url, migrations, workers: 1, maxFailures: 1, ...options },
        targets: eachSchema({ tenants: tenants.map((id) => ({ id, slug: id })), name: ({ id }) => id }),
      });
    /** A run that has read the ledger and is done with its canary, and whose lock is gone then. */
    const withoutLock = async () => {
      await migrate({
        connection: place.url,
        migrations: { read: async () => (await adding().read()).slice(0, 1) },
        targets: eachSchema({ tenants: tenants.map((id) => ({ id, slug: id })), name: ({ id }) => id }),
      });
      const atCanary = deferred();
      const goOn = deferred();
      const confirm = async () => {
        atCanary.resolve();
        await goOn.promise;
        return true;
      };
      const running = failure(migrated(adding(), { canary: { tenants: ['t0'], confirm } }));
      await atCanary.promise;
      const { rowCount } = await place.client.query(
        `select pg_terminate_backend(pid, 5000) from pg_locks where locktype = 'advisory' and granted
         and database = (select oid from pg_database where datname = current_database())`,
      );
      expect(rowCount).toBe(1);
      return { running, goOn: goOn.resolve };
    };

    it('does not do again what another has done since', async () => {
      const { running, goOn } = await withoutLock();
      expect(await migrated(adding())).toMatchObject({ migrated: 3, current: 1 });
      goOn();
      const { result } = await running;
      expect(result?.migrated).toBe(1);
      expect(result?.failed.map(({ tenant, message }) => [tenant, message.split(':')[0]])).toEqual(
        ['t1', 't2', 't3'].map((tenant) => [tenant, 'migration_busy']),
      );
      expect(await rows()).toEqual(tenants.map((tenant) => ({ tenant, n: 1 })));
    });

    it('does not begin a statement outside of transactions where another is', async () => {
      await place.file('0001_job.sql', 'create table job (id int);');
      await place.schemas(['t0']);
      await place.file('0002_index.sql', 'create index concurrently job_id on job (id);');
      await place.client.query(`select pg_advisory_lock(hashtextextended('public.tenancy_migrations t0', 1))`);
      const { result } = await failure(place.schemas(['t0']));
      expect(result?.failed).toMatchObject([{ tenant: 't0', message: expect.stringContaining('migration_busy') }]);
      expect(await place.rows(`select from pg_class where relname = 'job_id'`)).toEqual([]);
      await place.client.query('select pg_advisory_unlock_all()');
      expect(await place.schemas(['t0'])).toMatchObject({ migrated: 1 });
    });

    it('does not begin what another is at', async () => {
      const { running, goOn } = await withoutLock();
      const inside = deferred();
      const end = deferred();
      const second = migrated(
        adding(async () => {
          inside.resolve();
          await end.promise;
        }),
      );
      await inside.promise;
      goOn();
      const { result } = await running;
      expect(result?.failed).toMatchObject([{ tenant: 't1', message: expect.stringContaining('migration_busy') }]);
      end.resolve();
      await second.catch(() => {});
      await migrated(adding(), { onlyFailed: false }).catch(() => {});
      expect(await rows()).toEqual(tenants.map((tenant) => ({ tenant, n: 1 })));
    });
  });
});
