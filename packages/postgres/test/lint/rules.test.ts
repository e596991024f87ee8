import {
  createDatabase,
  type PostgresServer,
  postgresFromEnvironment,
  type TestDatabase,
} from '@tenancy/testing/postgres';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lintRules } from '../../src/lint/rules.js';
import { isOutsideTransactions } from '../../src/parser/outside-transactions.js';
import { parseSql } from '../../src/parser/parse-sql.js';
import { before, lint, rulesOf } from './hiring.js';
import { lockCases } from './lock-cases.js';
import { ruleCases } from './rule-cases.js';

const FUNCTION = "create function public.f() returns int language sql as 'select 1'";

it('every rule has migrations that it finds something in, and near ones that it leaves alone', () => {
  const all = [...lockCases, ...ruleCases];
  const covered = lintRules.filter(
    ({ name }) =>
      all.some(({ rule, bad }) => rule === name && bad.length > 0) &&
      all.some(({ rule, fine }) => rule === name && fine.length > 0),
  );
  expect(covered).toEqual(lintRules);
  expect(new Set(lintRules.map(({ name }) => name)).size).toBe(lintRules.length);
});

describe.each(ruleCases)('$rule $options', ({ rule, options, bad, fine }) => {
  it.each(bad)('finds %s', async (sql) => {
    const findings = (await lint(sql, options)).filter((one) => one.rule === rule);
    expect(findings.length).toBeGreaterThan(0);
    for (const { message, fix, line, file } of findings) {
      expect(message).toMatch(/^\S.*\.$/s);
      expect(fix).not.toBe('');
      expect([file, line]).toEqual(['0003_change.sql', 1]);
    }
  });

  it.each(fine)('leaves alone %s', async (sql) => {
    expect(await rulesOf(sql, options)).not.toContain(rule);
  });
});

describe('the migrations of these tests are ones that PostgreSQL runs', () => {
  let server: PostgresServer;
  let database: TestDatabase;
  let client: pg.Client;

  beforeAll(async () => {
    server = await postgresFromEnvironment();
    database = await createDatabase(server.url);
    client = new pg.Client(database.url);
    await client.connect();
    await client.query(`${before.sql}; create sequence numbers; create role lint_reader`);
  });
  afterAll(async () => {
    await client.query('drop role lint_reader');
    await client.end();
    await database.stop();
    await server.stop();
  });

  it.each(
    ruleCases.flatMap(({ rule, bad, fine }) => [
      ...bad.map((sql) => [rule, sql, 'bad'] as const),
      ...fine.map((sql) => [rule, sql, 'fine'] as const),
    ]),
  )('%s: %s (%s)', async (rule, sql, kind) => {
    const statements = await parseSql(sql);
    // Some cannot be taken back: the tests of locks run such.
    if (rule === 'transaction-nesting' || statements.some(isOutsideTransactions)) return;
    await client.query('begin');
    try {
      if (/^select public\.f/.test(sql)) await client.query(FUNCTION);
      const run = (async () => {
        for (const { text } of statements) await client.query(text);
      })();
      // The rule is about what PostgreSQL refuses.
      if (kind === 'fine' || rule !== 'enum-value-in-same-transaction') await run;
      else await expect(run).rejects.toMatchObject({ code: '55P04' });
    } finally {
      // What is prepared stays when a transaction is taken back.
      await client.query('rollback; deallocate all');
    }
  });
});
