import { describe, expect, it } from 'vitest';
import { compilePolicies } from '../../src/policies/compile-policies.js';
import { type Patient, usePatient } from './patient.js';

const patient = usePatient();

const titles = async (connection = patient.app) =>
  (await patient.as<{ title: string }>('t_acme', 'select title from job order by title', connection)).map(
    (row) => row.title,
  );
const serverVersion = async () =>
  Number((await patient.admin.query('show server_version_num')).rows[0].server_version_num);

it('finds nothing in a database that holds its tenants apart', async () => {
  expect(await patient.findings()).toEqual([]);
  expect(await titles()).toEqual(['acme job']);
});

describe('privileged-role', () => {
  for (const attribute of ['superuser', 'bypassrls', 'bypassrls createrole']) {
    it(`G1: a role with ${attribute} sees every tenant, and is found; it is kept, and another is to be connected`, async () => {
      const role = await patient.createRole(attribute);
      await patient.admin.query(`grant select on job to ${role}`);
      const connection = await patient.connect(role);
      expect(await titles(connection)).toEqual(['acme job', 'globex job']);
      const findings = await patient.find('privileged-role', {}, connection);
      expect(findings).toMatchObject([
        {
          subject: `role ${role}`,
          severity: 'error',
          fix: expect.stringMatching(/^connect as the role that `compilePol/),
        },
      ]);
    });
  }

  it('G1: the role that the policies were compiled for loses BYPASSRLS, which it was not created with', async () => {
    await patient.admin.query(compilePolicies({ role: patient.role, tables: [{ name: 'job' }] }).sql);
    await patient.admin.query(`drop policy tenant_isolation on job; alter role ${patient.role} bypassrls`);
    expect(await titles()).toEqual(['acme job', 'globex job']);
    const [finding] = await patient.find('privileged-role');
    expect(finding?.fix).toBe(`alter role ${patient.role} nobypassrls`);
    await patient.admin.query(finding?.fix ?? '');
    expect(await titles()).toEqual(['acme job']);
    expect(await patient.find('privileged-role')).toEqual([]);
  });

  it('G8: a role with REPLICATION, which streams the rows of every tenant, is found', async () => {
    const connection = await patient.connect(await patient.createRole('replication'));
    expect(await patient.find('privileged-role', {}, connection)).toHaveLength(1);
  });

  it('G1: a role that can become a privileged one through another is found, and losing the way is the fix', async () => {
    const [powerful, group] = [await patient.createRole('bypassrls'), await patient.createRole('noinherit')];
    await patient.admin.query(`grant select on job to ${powerful}`);
    await patient.admin.query(`grant ${powerful} to ${group}; grant ${group} to ${patient.role}`);
    await patient.app.query(`set role ${powerful}`);
    expect(await titles()).toEqual(['acme job', 'globex job']);
    await patient.app.query('reset role');
    const findings = await patient.find('privileged-role');
    expect(findings).toMatchObject([{ subject: `role ${powerful}`, fix: `revoke ${powerful} from ${group}` }]);
    await patient.admin.query(findings[0]?.fix ?? '');
    expect(await patient.findings()).toEqual([]);
  });

  it('G1: SET ROLE hides the role that logged in only until RESET ROLE', async () => {
    const superuser = await patient.createRole('superuser');
    const connection = await patient.connect(superuser);
    await connection.query(`set role ${patient.role}`);
    expect(await titles(connection)).toEqual(['acme job']);
    expect(await patient.find('privileged-role', {}, connection)).toMatchObject([
      { subject: `role ${superuser}`, fix: expect.stringContaining('RESET ROLE') },
    ]);
    await connection.query('reset role');
    expect(await titles(connection)).toEqual(['acme job', 'globex job']);
  });

  it('G1: a membership that neither inherits nor may be used, and cannot be granted on, gives nothing away', async () => {
    if ((await serverVersion()) < 160_000) return;
    const powerful = await patient.createRole('bypassrls');
    await patient.admin.query(`grant ${powerful} to ${patient.role} with inherit false, set false`);
    expect(await patient.findings()).toEqual([]);
    await patient.admin.query(`grant ${powerful} to ${patient.role} with admin true`);
    expect(await patient.find('privileged-role')).toHaveLength(1);
    await patient.app.query(`grant ${powerful} to ${patient.role} with set true`);
    await patient.app.query(`set role ${powerful}`);
    await patient.app.query('reset role');
    expect(await patient.find('privileged-role')).toHaveLength(1);
    await patient.admin.query(`revoke ${powerful} from ${patient.role} cascade`);
    expect(await patient.findings()).toEqual([]);
  });

  it('G1: what a group can become is out of reach of whoever has its rights alone, until it can become the group', async () => {
    if ((await serverVersion()) < 160_000) return;
    const [powerful, group] = [await patient.createRole('bypassrls'), await patient.createRole()];
    await patient.admin.query(`
      grant ${powerful} to ${group} with inherit false, set true;
      grant ${group} to ${patient.role} with inherit true, set false`);
    await expect(patient.app.query(`set role ${powerful}`)).rejects.toThrow('permission denied');
    expect(await patient.findings()).toEqual([]);
    await patient.admin.query(`grant ${group} to ${patient.role} with set true`);
    await patient.app.query(`set role ${powerful}; reset role`);
    expect(await patient.find('privileged-role')).toMatchObject([{ fix: `revoke ${powerful} from ${group}` }]);
  });

  it('G1: CREATEROLE takes the role of an owner for itself before PostgreSQL 16', async () => {
    const connection = await patient.connect(await patient.createRole('createrole'));
    expect(await patient.find('privileged-role', {}, connection)).toHaveLength(
      (await serverVersion()) < 160_000 ? 1 : 0,
    );
  });

  it('G1: a role that reads the files of the server is found', async () => {
    await patient.admin.query(`grant pg_read_server_files to ${patient.role}`);
    const findings = await patient.find('privileged-role');
    expect(findings).toMatchObject([{ fix: `revoke pg_read_server_files from ${patient.role}` }]);
    await patient.admin.query(findings[0]?.fix ?? '');
    expect(await patient.findings()).toEqual([]);
  });
});

describe('table-owner', () => {
  const switchesOff = async () => {
    await patient.app.query('alter table job disable row level security');
    const read = await titles();
    await patient.admin.query('alter table job enable row level security');
    return read;
  };

  it.each(['no force', 'force'])(
    'G1: the owner is found, as whom one statement switches the policies off: %s',
    async (force) => {
      await patient.admin.query(
        `alter table job owner to ${patient.role}; alter table job ${force} row level security`,
      );
      expect(await titles()).toEqual(force === 'force' ? ['acme job'] : ['acme job', 'globex job']);
      expect(await switchesOff()).toEqual(['acme job', 'globex job']);
      expect(await patient.find('table-owner')).toMatchObject([
        { subject: 'public.job', severity: 'error', fix: expect.stringContaining('connect as the role') },
      ]);
      // Who turns that into a warning is told all the same what is open already.
      expect(await patient.find('table-policies')).toHaveLength(force === 'force' ? 0 : 1);
    },
  );

  it.each(['', 'noinherit'])(
    'G1: a member of the owning role is found as well, until it leaves: %s',
    async (noinherit) => {
      const owner = await patient.createRole();
      await patient.admin.query(`
      alter table job owner to ${owner};
      alter role ${patient.role} ${noinherit};
      grant ${owner} to ${patient.role}`);
      if (noinherit) await patient.app.query(`set role ${owner}`);
      expect(await switchesOff()).toEqual(['acme job', 'globex job']);
      await patient.app.query('reset role');
      const findings = await patient.find('table-owner');
      expect(findings).toMatchObject([{ subject: 'public.job', fix: `revoke ${owner} from ${patient.role}` }]);
      await patient.admin.query(`alter role ${patient.role} inherit; ${findings[0]?.fix}`);
      expect(await patient.findings()).toEqual([]);
      await expect(patient.app.query('alter table job disable row level security')).rejects.toThrow('must be owner');
    },
  );

  it('G1: the owner of a table in a schema that is not examined is found', async () => {
    await patient.admin.query(`
      create schema elsewhere; grant usage on schema elsewhere to ${patient.role};
      alter table job set schema elsewhere; alter table elsewhere.job owner to ${patient.role}`);
    expect(await patient.find('table-owner', { shared: [] })).toMatchObject([{ subject: 'elsewhere.job' }]);
    await patient.admin.query('drop schema elsewhere cascade');
  });

  it('G1: the owner of the database owns what pg_database_owner owns, which no membership shows', async () => {
    const group = await patient.createRole();
    await patient.admin.query(`
      alter database ${patient.database} owner to ${group};
      grant ${group} to ${patient.role};
      alter table job owner to pg_database_owner`);
    expect(await switchesOff()).toEqual(['acme job', 'globex job']);
    expect(await patient.find('table-owner')).toMatchObject([
      { subject: 'public.job', fix: expect.stringContaining('connect as the role') },
    ]);
  });
});

describe('preset-tenant', () => {
  const presets: readonly [string, (p: Patient) => string, (p: Patient) => string][] = [
    // First: PostgreSQL keeps the spelling of a name that the session has not met before.
    ['database', (p) => `alter database ${p.database} set "App.Tenant_Id" = 't_acme'`, () => 'database'],
    ['role', (p) => `alter role ${p.role} set app.tenant_id = 't_acme'`, (p) => `role ${p.role}`],
    [
      'role in this database',
      (p) => `alter role ${p.role} in database ${p.database} set app.tenant_id = 't_acme'`,
      (p) => `role ${p.role}`,
    ],
  ];
  for (const [where, preset, subject] of presets) {
    it(`G2: a tenant set for the ${where} is whom every unbound query runs as, and is found`, async () => {
      await patient.admin.query(preset(patient));
      const connection = await patient.connect();
      expect((await connection.query('select title from job')).rows).toEqual([{ title: 'acme job' }]);
      const findings = await patient.findings({}, connection);
      expect(findings).toMatchObject([{ rule: 'preset-tenant', subject: subject(patient) }]);
      expect(JSON.stringify(findings)).not.toContain('t_acme');
      await patient.admin.query(findings[0]?.fix ?? '');
      expect(await patient.findings({}, await patient.connect())).toEqual([]);
    });
  }

  it('G2: a tenant in the options of the connection is found', async () => {
    const connection = await patient.connect();
    await connection.query(`set app.tenant_id = 't_acme'`);
    expect(await patient.findings({}, connection)).toMatchObject([{ rule: 'preset-tenant', subject: 'connection' }]);
  });

  it('G2: an empty setting, as a bound query leaves it, names nobody', async () => {
    await patient.as('t_acme', 'select 1');
    expect((await patient.app.query('show app.tenant_id')).rows).toEqual([{ 'app.tenant_id': '' }]);
    expect(await patient.findings()).toEqual([]);
  });
});

describe('F3: temporary-tables', () => {
  it('a temporary table of one tenant is there for the next on the same connection', async () => {
    await patient.admin.query(`grant temporary on database ${patient.database} to public, ${patient.role}`);
    await patient.app.query('begin');
    await patient.app.query(`select set_config('app.tenant_id', 't_acme', true)`);
    await patient.app.query('create temporary table found as select title from job');
    await patient.app.query('commit');
    expect(await patient.as('t_globex', 'select title from found')).toEqual([{ title: 'acme job' }]);
    await patient.app.query('drop table found');
    const findings = await patient.findings();
    expect(findings).toMatchObject([
      {
        rule: 'temporary-tables',
        subject: `database ${patient.database}`,
        fix: `revoke temporary on database ${patient.database} from ${patient.role}, public`,
      },
    ]);
    await patient.admin.query(findings[0]?.fix ?? '');
    expect(await patient.findings()).toEqual([]);
    await expect(patient.app.query('create temporary table found ()')).rejects.toThrow('permission denied');
  });
});
