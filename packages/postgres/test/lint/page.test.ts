import { readFileSync } from 'node:fs';
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
import { before, lint } from './hiring.js';

const page = readFileSync(new URL('../../../../docs/lint.md', import.meta.url), 'utf8');

const rows = [...page.matchAll(/^\| `([\w-]+)` +\|(.*)\|$/gm)].map(([, name = '', rest = '']) => [
  name,
  ...rest.split(' | ').map((cell) => cell.replaceAll('\\|', '|').trim()),
]);

it('docs/lint.md lists each rule as it is', () => {
  const listed = rows.filter(([, severity = '']) => /^(?:error|warning|advice|off)$/.test(severity));
  expect(listed).toEqual(
    lintRules.map(({ name, severity, isOn = true, finds, why, safe }) => [
      name,
      isOn ? severity : 'off',
      finds,
      why,
      safe,
    ]),
  );
});

/** Each SQL block of the page, and what it says of itself in its first line. */
const blocks = [...page.matchAll(/^```sql\n-- (found by ([\w-]+)|fine)\n([\s\S]*?)^```/gm)].map(
  ([, , rule, sql = '']) => ({ rule, sql }),
);

describe('each migration that docs/lint.md shows', () => {
  let server: PostgresServer;
  let database: TestDatabase;
  let client: pg.Client;

  beforeAll(async () => {
    server = await postgresFromEnvironment();
    database = await createDatabase(server.url);
    client = new pg.Client(database.url);
    await client.connect();
    await client.query(before.sql);
  });
  afterAll(async () => {
    await client.end();
    await database.stop();
    await server.stop();
  });

  it('says of itself what it is', () => {
    expect(blocks).toHaveLength(page.split('```sql').length - 1);
    expect(blocks.length).toBeGreaterThan(10);
  });

  it.each(blocks)('is judged as it says: $rule $sql', async ({ rule, sql }) => {
    const found = (await lint(sql)).map((finding) => finding.rule);
    expect(found.slice(0, 1)).toEqual(rule === undefined ? [] : [rule]);
  });

  it.each(blocks)('runs: $sql', async ({ sql }) => {
    for (const statement of await parseSql(sql)) {
      if (isOutsideTransactions(statement)) await client.query(statement.text);
      else await client.query(`begin; ${statement.text}; commit`);
    }
  });
});
