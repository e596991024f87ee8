import { addColumn, adopt, type ChangeProgress, change, createIndex } from '@tenancy/postgres/changes';
import type pg from 'pg';

export interface Database {
  readonly url: string;
  readonly client: pg.Client;
}

/** One way to change the table. */
export interface Way {
  readonly name: string;
  readonly change: 'column' | 'index' | 'tenant';
  readonly isOurs: boolean;
  run(database: Database): Promise<unknown>;
  /** A query with no rows where the change was not made, or not for every row. */
  readonly proof: string;
}

const job = { name: 'job' };
const VALUE = 'gen_random_uuid()';
const COLUMN = `select where not exists (select from job where token is null)
  and exists (select from pg_attribute where attrelid = 'job'::regclass and attname = 'token' and attnotnull)`;
const INDEX = `select from pg_index where indexrelid = 'job_title'::regclass and indisvalid`;

const TENANT = `select where not exists (select from job where tenant_id is distinct from tenant)
  and exists (select from pg_class where oid = 'job'::regclass and relrowsecurity and relforcerowsecurity)
  and exists (select from pg_policy where polrelid = 'job'::regclass)
  and exists (select from pg_constraint where conrelid = 'job'::regclass and contype = 'u')`;

/** The same column, NOT NULL and with a value for each row, and the same index. */
export const ways: readonly Way[] = [
  {
    name: 'change(addColumn)',
    ...{ change: 'column', isOurs: true, proof: COLUMN },
    run: ({ url }) =>
      change({
        connection: url,
        change: addColumn({ table: job, column: 'token', type: 'uuid', default: VALUE, notNull: true }),
        onProgress: told(),
      }),
  },
  {
    name: 'ADD COLUMN … DEFAULT',
    ...{ change: 'column', isOurs: false, proof: COLUMN },
    run: ({ client }) => client.query(`alter table job add column token uuid not null default ${VALUE}`),
  },
  {
    name: 'ADD, UPDATE, SET NOT NULL',
    ...{ change: 'column', isOurs: false, proof: COLUMN },
    // One transaction, as tools for migrations run a file.
    run: ({ client }) =>
      client.query(`begin; alter table job add column token uuid; alter table job alter column token set default ${VALUE};
        update job set token = ${VALUE} where token is null; alter table job alter column token set not null; commit`),
  },
  {
    name: 'change(createIndex)',
    ...{ change: 'index', isOurs: true, proof: INDEX },
    run: ({ url }) =>
      change({
        connection: url,
        change: createIndex({ table: job, name: 'job_title', columns: ['title'] }),
        onProgress: told(),
      }),
  },
  {
    name: 'CREATE INDEX',
    ...{ change: 'index', isOurs: false, proof: INDEX },
    run: ({ client }) => client.query('create index job_title on job (title)'),
  },
];

/** One tenant made many: the same column, filled, with the same key and policy. */
export const adoptions: readonly Way[] = [
  {
    name: 'adopt',
    ...{ change: 'tenant', isOurs: true, proof: TENANT },
    run: ({ url }) =>
      adopt({
        ...{ connection: url, tables: [{ name: 'job', value: 'tenant' }], type: 'text', until: 'enforce' },
        policies: { role: 'stalls_app' },
        onProgress: told(),
      }),
  },
  {
    name: 'ADD, UPDATE, UNIQUE, CREATE POLICY',
    ...{ change: 'tenant', isOurs: false, proof: TENANT },
    // What writers insert meanwhile knows no tenant: the trigger of `adopt`, as one writes it.
    run: ({ client }) =>
      client.query(`begin; alter table job add column tenant_id text; update job set tenant_id = tenant;
        create function tenant_of_job() returns trigger language plpgsql as $$ begin new.tenant_id := new.tenant; return new; end $$;
        create trigger tenant before insert on job for each row execute function tenant_of_job();
        alter table job alter column tenant_id set not null, add unique (tenant_id, id);
        alter table job enable row level security, force row level security;
        create policy tenant on job using (tenant_id = current_setting('app.tenant_id')); commit`),
  },
];

/** Says on stderr where the change is, every ten seconds. */
function told(): (event: ChangeProgress) => void {
  let last = 0;
  return ({ step, state, rows, estimate, rate, blockers }) => {
    if (state === 'filling' && Date.now() - last < 10_000) return;
    if (state === 'filling') last = Date.now();
    const waitedFor = blockers?.map(({ application }) => application).join(', ');
    const far = rows === undefined ? '' : ` ${rows} of ${estimate}, ${Math.round(rate ?? 0)} a second`;
    console.error(`  ${step}: ${state}${far}${waitedFor === undefined ? '' : ` for ${waitedFor}`}`);
  };
}
