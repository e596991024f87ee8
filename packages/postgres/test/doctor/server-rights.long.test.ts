import { afterAll, beforeEach, describe, expect, inject, it } from 'vitest';
import type { RuleName } from '../../src/doctor/diagnosis/rule.js';
import { usePatient } from './patient.js';

const patient = usePatient();

const heal = async (rule: RuleName) => {
  for (const { fix } of await patient.find(rule)) await patient.admin.query(fix);
};

describe('functions over the files of the server', () => {
  it.each([
    ['pg_read_file(text)', 'server-files', 'error', `select pg_read_file('PG_VERSION')`],
    ['pg_read_binary_file(text)', 'server-files', 'error', `select pg_read_binary_file('PG_VERSION')`],
    ['lo_import(text)', 'server-files', 'error', `select lo_import('PG_VERSION')`],
    ['pg_ls_dir(text)', 'file-listings', 'advice', `select pg_ls_dir('base')`],
    ['pg_stat_file(text)', 'file-listings', 'advice', `select pg_stat_file('PG_VERSION')`],
    ['pg_ls_waldir()', 'file-listings', 'advice', 'select pg_ls_waldir()'],
  ] as const)('%s is found where it is granted, by %s, and its fix refuses it', async (name, rule, severity, call) => {
    await expect(patient.app.query(call)).rejects.toThrow('permission denied');
    expect(await patient.findings()).toEqual([]);
    await patient.admin.query(`grant execute on function ${name} to ${patient.role}`);
    await patient.app.query('begin');
    await patient.app.query(call);
    await patient.app.query('rollback');
    expect(await patient.findings()).toMatchObject([{ rule, severity, subject: name }]);
    await heal(rule);
    expect(await patient.findings()).toEqual([]);
    await expect(patient.app.query(call)).rejects.toThrow('permission denied');
  });

  it('what an extension adds to them is found', async () => {
    const { rows } = await patient.admin.query(
      `select from pg_available_extensions where name = 'pg_walinspect' and default_version >= '1.1'`,
    );
    const [extension, name] =
      rows.length > 0 ? ['pg_walinspect', 'pg_get_wal_block_info'] : ['dblink', 'dblink_connect_u'];
    await patient.admin.query(`create extension ${extension}`);
    expect(await patient.findings()).toEqual([]);
    await patient.admin.query(`do $$ declare f regprocedure; begin
      for f in select oid from pg_proc where proname = '${name}' loop execute format('grant execute on function %s to public', f); end loop;
    end $$`);
    const found = await patient.findings();
    expect(found.length).toBeGreaterThan(0);
    expect(found.every(({ rule, subject }) => rule === 'server-files' && subject.startsWith(name))).toBe(true);
    await heal('server-files');
    expect(await patient.findings()).toEqual([]);
    await patient.admin.query(`drop extension ${extension}`);
  });
});

describe('foreign-servers', () => {
  /** A server that leads back to this database, and there to its owner. */
  const open = async (grant: string) => {
    const { rows } = await patient.admin.query(
      'select inet_server_port() as port, current_user as owner, current_database() as name',
    );
    await patient.admin.query(`
      create extension postgres_fdw; create extension dblink;
      create server "loop's" foreign data wrapper postgres_fdw options (host '127.0.0.1', port '${rows[0].port}', dbname '${rows[0].name}');
      create user mapping for public server "loop's" options (user '${rows[0].owner}', password '${new URL(inject('postgresUrl')).password || 'none'}', password_required 'false');
      create schema remote; ${grant}`);
  };
  afterAll(() => patient.admin.query('drop schema if exists remote cascade'));
  beforeEach(() =>
    patient.admin.query('drop schema if exists remote cascade; drop extension if exists postgres_fdw cascade'),
  );

  it("G7: SQL of the application's own is sent there as one user for all tenants, which is found, and refused by the fix", async () => {
    await open(
      `grant usage on foreign server "loop's" to ${patient.role}; grant usage, create on schema remote to ${patient.role}`,
    );
    const make = `create foreign table remote.everybody (title text) server "loop's" options (schema_name 'public', table_name 'job')`;
    await patient.app.query(make);
    expect(await patient.as('t_acme', 'select title from remote.everybody order by title')).toEqual([
      { title: 'acme job' },
      { title: 'globex job' },
    ]);
    const found = await patient.find('foreign-servers');
    expect(found).toMatchObject([{ subject: "foreign server loop's", severity: 'error' }]);
    await heal('foreign-servers');
    expect(await patient.find('foreign-servers')).toEqual([]);
    await patient.app.query('drop foreign table remote.everybody');
    await expect(patient.app.query(make)).rejects.toThrow('permission denied for foreign server');
  });

  it('G7: dblink is a way there too, where the application may run it', async () => {
    await open(`grant usage on foreign server "loop's" to public`);
    expect(await patient.find('foreign-servers')).toHaveLength(1);
    await patient.admin.query('revoke usage on schema public from public');
    await patient.admin.query('create schema lib; alter extension dblink set schema lib');
    expect(await patient.find('foreign-servers')).toEqual([]);
    await patient.admin.query('grant usage on schema lib to public');
    expect(await patient.find('foreign-servers')).toHaveLength(1);
    await heal('foreign-servers');
    expect(await patient.find('foreign-servers')).toEqual([]);
    await patient.admin.query('drop schema lib cascade');
  });

  it('a server without a user mapping for it, and foreign tables that its owner made, are no fault', async () => {
    await open(`
      grant usage on foreign server "loop's" to ${patient.role};
      drop user mapping for public server "loop's";
      create user mapping for current_user server "loop's"`);
    expect(await patient.find('foreign-servers')).toEqual([]);
    await patient.admin.query(`
      create user mapping for ${patient.role} server "loop's"; revoke usage on foreign server "loop's" from ${patient.role};
      create foreign table rate (cents int) server "loop's"; grant select on rate to ${patient.role}`);
    expect(await patient.findings({ shared: ['country', 'rate'] })).toEqual([]);
  });
});

describe('private-catalogs', () => {
  it('values of another tenant are read from the statistics where that is granted, which is found, and refused by the fix', async () => {
    await patient.admin.query('insert into job (tenant_id, title) select tenant_id, title from job; analyze job');
    const values = `select stavalues1::text as found from pg_statistic where starelid = 'job'::regclass and stavalues1::text like '%globex job%'`;
    await expect(patient.as('t_acme', values)).rejects.toThrow('permission denied');
    await patient.admin.query(`grant select on pg_statistic to ${patient.role}`);
    expect(await patient.as('t_acme', values)).toHaveLength(1);
    expect(await patient.findings()).toMatchObject([
      { rule: 'private-catalogs', severity: 'error', subject: 'pg_catalog.pg_statistic' },
    ]);
    await heal('private-catalogs');
    expect(await patient.findings()).toEqual([]);
    await expect(patient.as('t_acme', values)).rejects.toThrow('permission denied');
  });

  it.each(['pg_authid (rolpassword)', 'pg_largeobject', 'pg_user_mapping', 'pg_statistic_ext_data'])(
    'a grant of %s is found, also through a group',
    async (catalog) => {
      const [group, [name = '', column = '']] = [await patient.createRole(), catalog.split(' ')];
      await patient.admin.query(`grant select ${column} on ${name} to ${group}`);
      expect(await patient.findings()).toEqual([]);
      await patient.admin.query(`grant ${group} to ${patient.role}`);
      expect(await patient.find('private-catalogs')).toMatchObject([{ subject: `pg_catalog.${name}` }]);
      await heal('private-catalogs');
      expect(await patient.findings()).toEqual([]);
    },
  );
});

describe('predefined-roles', () => {
  it('a role that operates the server is found, by itself and through a group, and leaving it is the fix', async () => {
    const group = await patient.createRole();
    const { rows } = await patient.admin.query(
      `select rolname::text as name from pg_roles where rolname ~ '^pg_'
        and rolname !~ '^pg_(read_all_data|write_all_data|(read|write)_server_files|execute_server_program|database_owner)$'`,
    );
    expect(rows.length).toBeGreaterThan(4);
    await patient.admin.query(`grant ${group} to ${patient.role}`);
    for (const { name } of rows) {
      for (const member of [patient.role, group]) {
        await patient.admin.query(`grant ${name} to ${member}`);
        expect(await patient.find('predefined-roles')).toMatchObject([
          { subject: `role ${name}`, severity: 'advice', fix: `revoke ${name} from ${member}` },
        ]);
        await heal('predefined-roles');
        expect(await patient.findings()).toEqual([]);
      }
    }
    expect(rows.map(({ name }) => name)).toEqual(expect.arrayContaining(['pg_monitor', 'pg_signal_backend']));
  });

  it('stops the sessions of everybody, and the fix takes that away from the application alone', async () => {
    const [operator, other] = [await patient.createRole(), await patient.connect(await patient.createRole())];
    const { rows } = await other.query('select pg_backend_pid() as pid');
    const end = `select pg_cancel_backend(${rows[0].pid}) as ended`;
    await expect(patient.app.query(end)).rejects.toThrow(/must be|permission denied/);
    await patient.admin.query(`grant pg_signal_backend to ${operator}, ${patient.role}`);
    expect((await patient.app.query(end)).rows).toEqual([{ ended: true }]);
    await heal('predefined-roles');
    await expect(patient.app.query(end)).rejects.toThrow(/must be|permission denied/);
    expect((await (await patient.connect(operator)).query(end)).rows).toEqual([{ ended: true }]);
  });
});
