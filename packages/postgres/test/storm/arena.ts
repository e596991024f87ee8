import { createDatabase, startPostgres } from '@tenancy/testing/postgres';
import pg from 'pg';
import { compilePolicies } from '../../src/index.js';

export interface Arena {
  /** As the application's own role. */
  readonly url: string;
  /** As the server's superuser, who may be disturbed by nobody but itself. */
  readonly outside: pg.Pool;
  stop(): Promise<void>;
}

export const TENANTS = ['acme', 'globex', 'initech'].map((slug) => ({ id: `t_${slug}`, slug }));
/** How many jobs each of them has. */
export const JOBS = 10;

/** A server of its own, which a storm may kill, with a table under policies, the same under none for a plain pool, and functions that leave things on the session. */
export async function openArena(): Promise<Arena> {
  const server = await startPostgres({ settings: { restart_after_crash: 'on', max_connections: '100' } });
  const database = await createDatabase(server.url);
  const outside = new pg.Pool({ connectionString: database.url, max: 2 });
  outside.on('error', () => {}).on('connect', (client) => client.on('error', () => {}));
  await outside.query(`
    create table job (tenant_id text not null, id int not null, title text not null, primary key (tenant_id, id));
    insert into job select 't_' || slug, n, slug || ' job ' || n
      from unnest(array['acme', 'globex', 'initech']) slug, generate_series(1, ${JOBS}) n;
    create table open_job as select * from job;
    create function app_login(who text) returns void language plpgsql as
      $$ begin perform set_config('app.user_id', who, false); end $$;
    create function hold() returns void language plpgsql as
      $$ begin execute 'declare held cursor with hold for select tenant_id from job'; end $$;`);
  const { sql } = compilePolicies({ role: 'app', tables: [{ name: 'job' }], shared: [{ name: 'open_job' }] });
  await outside.query(sql);
  await outside.query("alter role app login password 'storm'");
  const url = new URL(database.url);
  url.username = 'app';
  url.password = 'storm';
  return {
    url: url.href,
    outside,
    stop: async () => {
      await outside.end();
      await server.stop();
    },
  };
}
