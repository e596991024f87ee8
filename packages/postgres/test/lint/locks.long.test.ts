import {
  createDatabase,
  type PostgresServer,
  postgresFromEnvironment,
  type TestDatabase,
} from '@tenancy/testing/postgres';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { lintRules } from '../../src/lint/rules.js';
import { parseSql } from '../../src/parser/parse-sql.js';
import { before, lint, rows } from './hiring.js';
import { type Harm, lockCases } from './lock-cases.js';
import { type Measured, measure } from './measure.js';

const ROWS = 500;

const WITHOUT_SQL = new Set(['adding-field-with-domain', 'rewriting-table', 'ban-truncate', 'changing-column-type']);

const named = (rule: string) => (one: { readonly rule: string }) => one.rule === rule;

it('every rule about locks has cases', () => {
  const rules = lintRules.filter(({ group }) => group === 'locks').map(({ name }) => name);
  // A backfill locks rows and no table: its cases are among those of the other rules.
  expect(lockCases.map(({ rule }) => rule).toSorted()).toEqual(
    rules.filter((name) => name !== 'backfill-in-migration').toSorted(),
  );
});

describe.each(lockCases)('$rule', ({ rule, bad, fine }) => {
  it.each(bad.map(([sql]) => sql))('finds %s', async (sql) => {
    expect((await lint(sql)).filter(named(rule))).toHaveLength(1);
  });

  it.each(fine)('leaves alone %s', async (sql) => {
    expect((await lint(sql)).filter(named(rule))).toEqual([]);
  });
});

describe('what the rules say of locks, reads and rewrites is what PostgreSQL does', () => {
  let server: PostgresServer;
  let template: TestDatabase;
  let database: TestDatabase;
  let client: pg.Client;
  let other: pg.Client;

  beforeAll(async () => {
    server = await postgresFromEnvironment();
    template = await createDatabase(server.url);
    const first = new pg.Client(template.url);
    await first.connect();
    await first.query(`${before.sql};${rows.replaceAll('ROWS', String(ROWS))}`);
    await first.end();
  });
  afterAll(async () => {
    await template.stop();
    await server.stop();
  });
  beforeEach(async () => {
    database = await createDatabase(server.url, { template: template.name });
    client = new pg.Client(database.url);
    other = new pg.Client(database.url);
    await Promise.all([client.connect(), other.connect()]);
  });
  afterEach(async () => {
    await Promise.all([client.end(), other.end()]);
    await database.stop();
  });

  const isHarmful = ({ rewrites, read, keepsOut }: Measured) => rewrites || (read >= ROWS && keepsOut);
  const shows = (all: readonly Measured[], harm: Harm): boolean => {
    if (harm === 'rewrites') return all.some(({ rewrites }) => rewrites);
    if (harm === 'reads under a lock')
      return all.some(({ read, keepsOut, rewrites }) => !rewrites && read >= ROWS && keepsOut);
    return all.some(({ keepsOut }) => keepsOut);
  };

  it.each(lockCases.flatMap(({ rule, bad }) => bad.map(([sql, harm]) => [rule, harm, sql] as const)))(
    '%s: it %s: %s',
    async (_, harm, sql) => {
      const measured = await measure(client, other, await parseSql(sql), 'rollback');
      expect({ measured, isShown: shows(measured, harm) }).toMatchObject({ isShown: true });
    },
  );

  it.each(lockCases.flatMap(({ rule, fine }) => fine.map((sql) => [rule, sql] as const)))(
    '%s: no harm in %s',
    async (_, sql) => {
      const measured = await measure(client, other, await parseSql(sql), 'rollback');
      expect(measured.filter(isHarmful)).toEqual([]);
    },
  );

  it.each(lockCases.flatMap(({ rule, bad }) => bad.map(([sql, , first = '']) => [rule, sql, first] as const)))(
    '%s: the safe form for %s is one',
    async (rule, sql, first) => {
      const { fix = '' } = (await lint(sql)).find(named(rule)) ?? {};
      await client.query(first);
      const migrations = fix.split(/^-- (?:in the next migration|and in (?:one more|a last one)).*$/m);
      // Some things have no other form but not to do them here.
      expect((await parseSql(fix)).length > 0 || WITHOUT_SQL.has(rule)).toBe(true);
      for (const [at, migration] of migrations.entries()) {
        const measured = await measure(client, other, await parseSql(migration), 'commit');
        expect(measured.filter(isHarmful)).toEqual([]);
        // Nor is it a finding itself.
        expect((await lint(migration, {}, [first, ...migrations.slice(0, at)])).filter(named(rule))).toEqual([]);
      }
    },
  );
});
