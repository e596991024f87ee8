import { deleteTenant, TenantDirectory, tenantPlaces } from '@tenancy/postgres/tenants';
import { createDatabase, startPostgres } from '@tenancy/testing/postgres';
import pg from 'pg';
import type { Benchmark, Row } from './benchmark.js';
import { summary } from './paired-ratios.js';

/** Tenants, and rows of each: a million in all. */
const TENANTS = 50;
const ROWS = 20_000;
/** Tenants that are deleted one after the other. */
const DELETED = 7;

/** Milliseconds of a deletion of 20,000 among a million rows, by its parts, and the longest that a row is locked. */
export const deletion: Benchmark = {
  name: 'delete',
  async *measure() {
    const server = await startPostgres();
    const database = await createDatabase(server.url);
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    const connection = database.url;
    const directory = new TenantDirectory({ connection });
    try {
      await directory.install();
      await client.query(`create table job (tenant_id text not null, id int, title text not null, primary key (tenant_id, id));
        insert into job select 't_' || t || '_of_many', n, 'the title of job ' || n from generate_series(1, ${TENANTS}) t, generate_series(1, ${ROWS}) n;
        create table note (tenant_id text not null, id int, job int, primary key (tenant_id, id), foreign key (tenant_id, job) references job);
        insert into note select tenant_id, id, id from job where id <= 1000; create index on note (tenant_id, job); analyze`);
      const places = tenantPlaces({ servers: { main: { connection } }, role: 'app', migrations: 'migrations' });
      const [rows, scans, batches]: [number[], number[], number[]] = [[], [], []];
      for (let n = 1; n <= DELETED; n += 1) {
        const tenant = `t_${n}_of_many`;
        await directory.create({ id: tenant, slug: `t${n}` });
        const at: Record<string, number> = {};
        const { longestBatchMillis } = await deleteTenant({
          ...{ directory, places, tenant, settleMillis: 0 },
          onProgress: (event) => {
            if (event.type === 'step') at[event.step] = performance.now();
          },
        });
        rows.push((at['also'] ?? 0) - (at['data'] ?? 0));
        scans.push(performance.now() - (at['scan'] ?? 0));
        batches.push(longestBatchMillis);
      }
      yield row('fence and rows', 'p50-ms', rows);
      yield row('longest batch', 'worst-ms', [Math.max(...batches)]);
      yield row('every table looked through', 'p50-ms', scans);
    } finally {
      await directory.close();
      await client.end();
      await database.stop();
      await server.stop();
    }
  },
};

function row(name: string, metric: Row['metric'], values: readonly number[]): Row {
  return {
    ...{ benchmark: 'delete', case: name, against: '', metric },
    ...{ ratio: summary(values), pairs: values.length, node: process.versions.node },
  };
}
