import { randomBytes } from 'node:crypto';
import { createDatabase } from '@tenancy/testing/postgres';
import pg from 'pg';
import { beforeEach, inject } from 'vitest';
import type { DoctorOptions, Finding, RuleName } from '../../src/doctor/diagnosis/rule.js';
import { examine } from '../../src/doctor/examine.js';
import { forAllTests } from '../database/for-all-tests.js';

export const HELD = `tenant_id = nullif(current_setting('app.tenant_id', true), '')`;

/** A database that holds two tenants apart, to which a test adds one fault. */
export interface Patient {
  readonly database: string;
  /** The application's role, with an ordinary login. */
  readonly role: string;
  /** The superuser who makes the schema. */
  readonly admin: pg.Client;
  readonly app: pg.Client;
  /** A further connection: as the application, or as `user`. */
  connect(user?: string): Promise<pg.Client>;
  /** A role with a login whose name nobody else has, dropped in the end; `suffix` may be anything that a name can hold. */
  createRole(attributes?: string, suffix?: string): Promise<string>;
  /** Puts the schema back to one without a fault. */
  heal(): Promise<void>;
  /** The findings of all rules, without those about the server as a whole. */
  findings(options?: Partial<DoctorOptions>, connection?: pg.Client): Promise<readonly Finding[]>;
  find(rule: RuleName, options?: Partial<DoctorOptions>, connection?: pg.Client): Promise<readonly Finding[]>;
  /** The titles of the jobs that a statement of the application sees as this tenant. */
  as<Row>(tenant: string, sql: string, connection?: pg.Client): Promise<Row[]>;
  stop(): Promise<void>;
}

const OPTIONS: DoctorOptions = {
  setting: 'app.tenant_id',
  schemas: ['public'],
  shared: ['country'],
  tenantColumn: 'tenant_id',
};

/** Options of the connection: where PostgreSQL compiles expressions, a question to its catalogs takes seconds. */
const INTERPRETED = '-c jit=off';

/** True of a server that others use as well: its version, and the roles that other tests make. */
const OF_THE_SERVER: readonly RuleName[] = ['server-updates', 'bypass-roles'];

/** A patient for all tests of a file, without a fault before each. */
export function usePatient(): Patient {
  const patient = forAllTests(() => createPatient(inject('postgresUrl')));
  beforeEach(() => patient.heal());
  return patient;
}

export async function createPatient(serverUrl: string): Promise<Patient> {
  const database = await createDatabase(serverUrl, { prefix: 'tenancy_doctor' });
  const clients: pg.Client[] = [];
  const roles: string[] = [];
  const password = randomBytes(8).toString('hex');
  const open = async (user?: string) => {
    const { hostname: host, port } = new URL(database.url);
    // Not as a URL: some of the roles have names that no URL can carry.
    const client = new pg.Client(
      user === undefined
        ? { connectionString: database.url, options: INTERPRETED }
        : { host, port: Number(port), database: database.name, user, password, options: INTERPRETED },
    );
    client.on('error', () => {});
    await client.connect();
    clients.push(client);
    return client;
  };
  const admin = await open();
  const createRole = async (attributes = '', suffix = '') => {
    const name = `doctor_${randomBytes(6).toString('hex')}${suffix}`;
    await admin.query(`create role ${pg.escapeIdentifier(name)} login password '${password}' ${attributes}`);
    roles.push(name);
    return name;
  };
  const role = await createRole();
  const app = await open(role);
  const heal = async () => {
    await app.query('rollback');
    await app.query('discard all');
    await admin.query(`
      drop schema public cascade;
      create schema public;
      alter database ${database.name} owner to current_user;
      alter database ${database.name} reset all;
      revoke temporary on database ${database.name} from public, ${role};
      alter role ${role} reset all;
      alter role ${role} in database ${database.name} reset all`);
    for (const other of roles.splice(1).reverse())
      await admin.query(`drop owned by ${pg.escapeIdentifier(other)} cascade; drop role ${pg.escapeIdentifier(other)}`);
    await admin.query(`
      grant usage on schema public to public;
      create table country (code text primary key, name text not null);
      create table job (
        tenant_id text not null,
        id uuid not null default gen_random_uuid(),
        title text not null,
        primary key (tenant_id, id)
      );
      insert into job (tenant_id, title) values ('t_acme', 'acme job'), ('t_globex', 'globex job');
      alter table job enable row level security, force row level security;
      create policy tenant_isolation on job using (${HELD}) with check (${HELD});
      grant select on country to ${role};
      grant select, insert, update, delete on job to ${role}`);
  };
  await heal();

  const findings = async (options: Partial<DoctorOptions> = {}, connection = app) =>
    (await examine(connection, { ...OPTIONS, ...options })).filter(({ rule }) => !OF_THE_SERVER.includes(rule));
  return {
    database: database.name,
    role,
    admin,
    app,
    connect: (user = role) => open(user),
    createRole,
    heal,
    findings,
    find: async (rule, options = {}, connection = app) =>
      (await examine(connection, { ...OPTIONS, ...options })).filter((finding) => finding.rule === rule),
    async as<Row>(tenant: string, sql: string, connection = app) {
      await connection.query('begin');
      try {
        await connection.query(`select set_config('app.tenant_id', $1, true)`, [tenant]);
        return (await connection.query(sql)).rows as Row[];
      } finally {
        await connection.query('rollback');
      }
    },
    async stop() {
      await Promise.all(clients.filter((client) => client !== admin).map((client) => client.end()));
      await admin.end();
      await database.stop({ roles });
    },
  };
}
