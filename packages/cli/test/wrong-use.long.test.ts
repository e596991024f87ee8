import { afterAll, beforeAll, expect, it } from 'vitest';
import { Place } from './place.js';

let place: Place;
beforeAll(async () => {
  place = await Place.open();
  await place.file('migrations/0001_job.sql', 'create table job (id int)');
  await place.schemas(['acme']);
  const one = (name: string, more: object) =>
    place.file(name, JSON.stringify({ connection: place.url, directory: 'migrations', ...more }));
  await one('one.json', {});
  await one('both.json', { migrations: [] });
  await one('unknown.json', { conection: 'x' });
  await one('databases.json', { targets: { kind: 'databases' } });
  await one('same.json', { targets: { kind: 'schemas', tenants: [], name: 'all' } });
  await one('none.json', { targets: { kind: 'schemas' } });
  await one('slip.json', { targets: { kind: 'schemas', tenants: [], roll: 'app' } });
  await one('nameless.json', { targets: { kind: 'schemas', tenants: { query: 'select 1 as no' } } });
  await place.file('broken.json', '{ "connection": ');
  await place.file('broken.ts', 'export default {');
  await place.file('throwing.mjs', "throw new Error('not today')");
  await place.file('empty.mjs', 'export const connection = 1;');
  await place.file('list.json', '[]');
  await place.file('tenancy.toml', '');
});
afterAll(() => place.stop());

it.each([
  ['', 'Usage: tenancy'],
  ['migrat', "wrong_use: unknown command 'migrat'"],
  ['migrate stats', 'wrong_use: too many arguments'],
  ['migrate --worker 3', "wrong_use: unknown option '--worker'\n(Did you mean --workers?)"],
  ['migrate --workers', "wrong_use: option '--workers <n>' argument missing"],
  ['migrate --workers many', 'Use a whole number from 1 to 1000.'],
  ['migrate --workers 0', 'Use a whole number from 1 to 1000.'],
  ['migrate --batch 11', 'Use a whole number from 1 to 10.'],
  ['migrate --max-failures 2', 'Use a number from 0 to 1.'],
  ['migrate --max-failures 101%', 'Use a number from 0 to 100.'],
  ['migrate --pause soon', 'Use a number from 0 to'],
  ['migrate --lock-timeout 0', 'Use a whole number from 1 to'],
  ['migrate --canary acme --canary-first 1', 'wrong_use: --canary and --canary-first'],
  ['migrate --pause 1', 'wrong_use: --pause is about canaries'],
  ['migrate --confirm', 'wrong_use: --confirm is about canaries'],
  ['migrate --confirm --canary acme', 'wrong_use: --confirm asks a question, and there is no terminal'],
  ['migrate --workers 2 status', 'wrong_use: --workers stands in front of `status`'],
  ['migrate status --workers 2', "wrong_use: unknown option '--workers'"],
  ['migrate --config nothing.ts', 'config_unreadable: '],
  ['migrate --config broken.json', 'config_unreadable: '],
  ['migrate --config broken.ts', 'config_unreadable: '],
  ['migrate --config throwing.mjs', 'throwing.mjs cannot be loaded: not today. Correct it.'],
  ['migrate --config tenancy.toml', 'its ending is none of ts'],
  ['migrate --config empty.mjs', 'has no default export that is an object'],
  ['migrate --config list.json', 'holds no object'],
  ['migrate --config both.json', 'config_wrong: '],
  ['migrate --config unknown.json', 'config_wrong: '],
  ['migrate --config databases.json', 'config_wrong: '],
  ['migrate --config same.json', 'Put {id} or {slug} into it'],
  ['migrate --config none.json', 'has no `tenants`'],
  ['migrate --config slip.json', 'has `roll`, which nobody reads'],
  ['migrate --config nameless.json', 'lists a tenant without `id`'],
  ['migrate --config one.json --tenant acme', 'floor_misconfigured: migrate: the option `tenants`'],
])('`tenancy %s` ends in 2, says why, and does nothing', async (args, said) => {
  const { code, stdout, stderr } = await place.run(args);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toContain(said);
  expect(stderr).not.toMatch(/^ +at /m);
  expect(await place.tables()).toEqual([]);
});

it('help and the version end in 0', async () => {
  expect(await place.run('migrate --help')).toMatchObject({ code: 0, stderr: '' });
  expect((await place.run('--version')).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
});

it('an option that is wrong is told to programs as well', async () => {
  const { code, stdout } = await place.run('migrate --json --config unknown.json');
  expect(code).toBe(2);
  expect(JSON.parse(stdout)).toMatchObject({ type: 'error', code: 'config_wrong' });
});

it('a database that does not answer, or is not there, is said with what to do', async () => {
  const at = (change: Partial<URL>) => {
    const one = Object.assign(new URL(place.url), change);
    return place.run('change status', { env: { TENANCY_DATABASE_URL: one.href } });
  };
  expect(await at({ port: '1' })).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^database_unreachable: .*ECONNREFUSED.* Start the server, or correct host and port/),
  });
  expect(await at({ pathname: '/nowhere' })).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(
      /^database_unreachable: .*"nowhere" does not exist.* Correct the name of the database/,
    ),
  });
});
