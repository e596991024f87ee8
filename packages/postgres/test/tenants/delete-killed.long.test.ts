import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createDatabase } from '@tenancy/testing/postgres';
import pg from 'pg';
import { describe, expect, it } from 'vitest';
import { LEDGER, LEDGER_SQL } from '../../src/migrations/ledger/ledger.js';
import { deleteTenant, TenantDirectory, tenantPlaces } from '../../src/tenants.js';
import { servers } from '../database/servers.js';

/** Kills, at random points; DELETE_KILLS is another number of them. */
const KILLS = Number(process.env['DELETE_KILLS'] ?? 6);

const ROWS = 3_000;
const POLICIES = { shared: ['audit'] };

describe.each(servers)('a deletion killed with -9 $title', ({ url }) => {
  it(`O36: at ${KILLS} random points: another call finishes, counts every row once, and leaves nothing behind`, {
    timeout: 60_000 + KILLS * 20_000,
  }, async () => {
    const database = await createDatabase(url);
    const outside = new pg.Client({ connectionString: database.url });
    await outside.connect();
    const directory = new TenantDirectory({ connection: database.url });
    try {
      await directory.install();
      await outside.query(LEDGER_SQL);
      await outside.query(`create table audit (id int);
        create table job (tenant_id text not null, id int, primary key (tenant_id, id));
        create table note (tenant_id text not null, id int, job int, primary key (tenant_id, id), foreign key (tenant_id, job) references job);
        create index on note (tenant_id, job); create schema extra`);
      const fill = async (tenant: string) => {
        await outside.query('insert into job select $1, n from generate_series(1, $2::int) n', [tenant, ROWS]);
        await outside.query('insert into note select $1, n, n from generate_series(1, $2::int) n', [tenant, ROWS]);
      };
      await fill('t_other1');
      const places = tenantPlaces({
        servers: { main: { connection: database.url } },
        role: 'app',
        migrations: 'migrations',
        policies: POLICIES,
      });
      const points = new Set<string>();
      let duration = 0;
      for (let n = 0; n <= KILLS; n += 1) {
        const tenant = `t_killed_${n}`;
        const hasSchema = n % 3 === 2;
        const place = {
          server: 'main',
          ...(hasSchema ? { kind: 'schema' as const, name: tenant } : { kind: 'rows' as const, name: null }),
        };
        await directory.create({ id: tenant, slug: `killed-${n}`, place });
        if (hasSchema) {
          await outside.query(`create schema ${tenant}; create table ${tenant}.job (id int primary key);
            insert into ${tenant}.job select generate_series(1, ${ROWS});
            insert into ${LEDGER} (target, name, checksum, done) values ('${tenant}', '1', '', 1)`);
        } else await fill(tenant);
        const given = JSON.stringify({ connection: database.url, tenant, policies: POLICIES });
        const child = spawn(process.execPath, [join(import.meta.dirname, 'delete-killed.mjs'), given], {
          stdio: ['ignore', 'pipe', 'inherit'],
        });
        const gone = once(child, 'exit');
        let last = '';
        child.stdout.on('data', (data) => {
          last = String(data).trim().split('\n').at(-1) ?? last;
        });
        await once(child.stdout, 'data');
        const began = performance.now();
        // The first one shows how long it takes.
        if (n > 0) {
          await sleep(duration * Math.random());
          child.kill('SIGKILL');
        }
        await gone;
        if (n === 0) duration = performance.now() - began;
        points.add(last);
        const { removed } = await deleteTenant({ directory, places, tenant, settleMillis: 0 });
        expect(removed, last).toEqual(
          hasSchema
            ? [{ table: `${tenant}.job`, rows: ROWS }]
            : [
                { table: 'public.job', rows: ROWS },
                { table: 'public.note', rows: ROWS },
              ],
        );
        const { rows } = await outside.query(
          `select (select count(*)::int from job) as jobs, (select count(*)::int from note) as notes,
            (select count(*)::int from pg_trigger where tgname like 'zzz_tenancy%') as triggers, to_regnamespace('tenancy_fence') is null as unfenced,
            to_regnamespace($1) is null as dropped, (select count(*)::int from tenancy.operation where ended_at is null) as operations`,
          [tenant],
        );
        expect(rows[0], last).toEqual({
          jobs: ROWS,
          notes: ROWS,
          triggers: 0,
          unfenced: true,
          dropped: true,
          operations: 0,
        });
        expect(await directory.get(tenant)).toMatchObject({ status: 'deleted' });
      }
      // They did not all hit the same moment.
      expect(points.size).toBeGreaterThan(Math.min(KILLS / 4, 6));
    } finally {
      await directory.close();
      await outside.end();
      await database.stop();
    }
  });
});
