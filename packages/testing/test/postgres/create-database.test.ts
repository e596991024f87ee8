import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDatabase, type PostgresServer, postgresFromEnvironment } from '../../src/postgres.js';

describe('createDatabase', () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await postgresFromEnvironment();
  });
  afterAll(() => server.stop());

  async function databaseNames(): Promise<string[]> {
    const client = new pg.Client({ connectionString: server.url });
    await client.connect();
    const { rows } = await client.query<{ datname: string }>('select datname from pg_database');
    await client.end();
    return rows.map(({ datname }) => datname);
  }

  it('gives each caller an empty database of its own', async () => {
    const databases = await Promise.all([createDatabase(server.url), createDatabase(server.url)]);
    const [one, two] = await Promise.all(databases.map(({ url }) => connected(url)));
    await one?.query('create table job (id int)');
    expect((await two?.query(`select to_regclass('job') as found`))?.rows).toEqual([{ found: null }]);
    await Promise.all([one?.end(), two?.end()]);
    await Promise.all(databases.map((database) => database.stop()));
    expect(await databaseNames()).not.toEqual(expect.arrayContaining([databases[0].name]));
    expect(await databaseNames()).not.toEqual(expect.arrayContaining([databases[1].name]));
  });

  it('names the database after its purpose, and drops it under a client that is still connected', async () => {
    const database = await createDatabase(server.url, { prefix: 'ledger' });
    expect(database.name).toMatch(/^ledger_[0-9a-f]{16}$/);
    expect(await databaseNames()).toContain(database.name);
    const client = await connected(database.url);
    const ended = new Promise((resolve) => client.on('error', resolve));
    await database.stop();
    await database.stop();
    await ended;
    expect(await databaseNames()).not.toContain(database.name);
  });

  it('cuts off nobody who is about to leave', async () => {
    const database = await createDatabase(server.url);
    const client = await connected(database.url);
    const last = client.query("select pg_sleep(0.2), 'said' as last").finally(() => client.end());
    await Promise.all([last, database.stop()]);
    expect((await last).rows).toMatchObject([{ last: 'said' }]);
  });

  it('drops roles after the database, whatever they hold in it and while their statements are still running', async () => {
    const database = await createDatabase(server.url);
    const [group, login] = [`${database.name} "group"`, `${database.name}_login`];
    const owner = await connected(database.url);
    await owner.query(`
      create role ${pg.escapeIdentifier(group)};
      create role ${login} login password 'x' in role ${pg.escapeIdentifier(group)};
      create table office (id int); create table job (id int); alter table job owner to ${login};
      grant all on office to ${login}; grant create on database ${database.name} to ${pg.escapeIdentifier(group)};
      alter role ${login} in database ${database.name} set search_path to public`);
    const user = await connected(Object.assign(new URL(database.url), { username: login, password: 'x' }).href);
    await owner.query('begin; lock table office');
    // Whose session is cut first is the server's to say: a statement that waits for the other's lock might still end well.
    const running = user.query('begin; lock table job; select pg_sleep(60)').catch(({ code }) => code);
    await database.stop({ roles: [login, group, 'no_such_role'] });
    expect(await running).toBe('57P01');
    const left = await connected(server.url);
    expect((await left.query('select from pg_roles where rolname = any ($1)', [[group, login]])).rows).toEqual([]);
    await left.end();
  });

  it('refuses a prefix that would have to be quoted', async () => {
    await expect(createDatabase(server.url, { prefix: 'x"; drop database postgres; --' })).rejects.toThrow('prefix');
  });
});

async function connected(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  // Dropping the database cuts it off.
  client.on('error', () => {});
  await client.connect();
  return client;
}
