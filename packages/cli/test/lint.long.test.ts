import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { objects, Place } from './place.js';

let place: Place;
beforeAll(async () => {
  place = await Place.open();
  await place.file('migrations/0001_job.sql', 'create table job (tenant_id text not null, id int primary key);');
  await place.file('migrations/0002_place.sql', '-- places\nalter table job add column place text not null;');
  await place.file('migrations/0003_open.sql', 'alter table job add column open boolean;');
  await place.file('tenancy.config.json', JSON.stringify({ directory: 'migrations' }));
});
afterAll(() => place.stop());

describe('lint', () => {
  it('finds what would lock, names it by its path, and ends in 1; without a database', async () => {
    const { code, stdout, stderr } = await place.run('lint');
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
    expect(stdout).toMatch(/^migrations\/0002_place\.sql:2:\d+ error adding-required-field$/m);
    expect(stdout).toMatch(/^\d+ errors?, \d+ warnings?, \d+ pieces? of advice\.$/m);
  });

  it('--since leaves out what is before it, by name and by path', async () => {
    for (const since of ['0003_open.sql', 'migrations/0003_open.sql']) {
      const { code, stdout } = await place.run(`lint --since ${since}`);
      expect(code).toBe(0);
      expect(stdout).not.toContain('0002_place.sql');
    }
    expect(await place.run('lint --since 0009.sql')).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^wrong_use: /),
    });
  });

  it('writes for pull requests, for code scanning, and a finding a line', async () => {
    expect((await place.run('lint --format github')).stdout).toMatch(
      /^::error file=migrations\/0002_place\.sql,line=2/m,
    );
    const sarif = JSON.parse((await place.run('lint --format sarif')).stdout);
    expect(sarif.version).toBe('2.1.0');
    const lines = objects((await place.run('lint --json')).stdout);
    expect(lines.filter(({ type }) => type === 'finding')).toContainEqual(
      expect.objectContaining({ file: 'migrations/0002_place.sql', line: 2, severity: 'error' }),
    );
    expect(lines.at(-1)).toMatchObject({ type: 'lint', files: 3, error: expect.any(Number) });
    expect((await place.run('lint --json --format text')).code).toBe(2);
    expect((await place.run('lint --format xml')).code).toBe(2);
  });

  it('--fail-on says from which severity on it ends in 1, and the configuration which rules there are', async () => {
    await place.file(
      'mild.json',
      JSON.stringify({ directory: 'migrations', lint: { strategy: 'schemas', rules: {} } }),
    );
    const { stdout } = await place.run('lint --config mild.json --json');
    const found = objects(stdout).filter(({ type }) => type === 'finding');
    const rules = Object.fromEntries(found.map(({ rule }) => [rule, 'warn']));
    expect(Object.keys(rules).length).toBeGreaterThan(0);
    await place.file('mild.json', JSON.stringify({ directory: 'migrations', lint: { strategy: 'schemas', rules } }));
    expect((await place.run('lint --config mild.json')).code).toBe(0);
    expect((await place.run('lint --config mild.json --fail-on warning')).code).toBe(1);
    await place.file('mild.json', JSON.stringify({ directory: 'migrations', lint: { rules: { nothing: 'off' } } }));
    expect((await place.run('lint --config mild.json')).code).toBe(2);
  });

  it("reads Prisma's folders, and the tables of `policies`", async () => {
    await place.file('prisma/20260101_init/migration.sql', 'create table country (code text primary key);');
    const config = { directory: 'prisma', policies: { role: 'app' } };
    await place.file('prisma.json', JSON.stringify(config));
    expect((await place.run('lint --config prisma.json --fail-on advice')).stdout).toContain(
      'prisma/20260101_init/migration.sql:1',
    );
    await place.file('prisma.json', JSON.stringify({ ...config, policies: { role: 'app', shared: ['country'] } }));
    const { stdout } = await place.run('lint --config prisma.json --fail-on advice');
    expect(stdout).not.toMatch(/tenant/);
  });
});
