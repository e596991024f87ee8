import { createRequire } from 'node:module';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseSql } from '../../packages/postgres/src/parser/parse-sql.ts';
import {
  createDatabase,
  type PostgresServer,
  postgresFromEnvironment,
  type TestDatabase,
} from '../../packages/testing/src/postgres.ts';
import { allBlocks, placeOf } from './blocks.ts';
import { root } from './repository.ts';

interface Client {
  connect(): Promise<void>;
  query(text: string): Promise<unknown>;
  end(): Promise<void>;
}
const { Client }: { readonly Client: new (url: string) => Client } = createRequire(
  join(root, 'packages/postgres/package.json'),
)('pg');

const blocks = allBlocks.filter(({ language }) => language === 'sql');

/** Pages whose blocks another test runs, each as what the page says it is. */
const RUN_ELSEWHERE: readonly string[] = ['docs/lint.md'];

/** The part of a page's story that its blocks begin after: what a reader has by then, and the page says so in words. */
const BEFORE: Readonly<Record<string, string>> = {};

it.each(blocks.map((block) => [placeOf(block), block] as const))('%s is read by PostgreSQL', async (_, { code }) => {
  expect((await parseSql(code)).length).toBeGreaterThan(0);
});

it('text that PostgreSQL cannot read is found', async () => {
  await expect(parseSql('create table job (id bigint,);')).rejects.toThrow(/syntax error/);
});

describe('the blocks of each page run, one after the other', () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await postgresFromEnvironment();
  });
  afterAll(() => server.stop());

  const held = blocks.filter(({ file }) => !RUN_ELSEWHERE.includes(file));
  const byPage = new Map(held.map(({ file }) => [file, held.filter((block) => block.file === file)]));

  it.each([...byPage])('of %s', async (page, its) => {
    const database: TestDatabase = await createDatabase(server.url);
    const client = new Client(database.url);
    await client.connect();
    try {
      // Everything is taken back, roles too, which a server has only once.
      await client.query('begin');
      await client.query(BEFORE[page] ?? '');
      for (const block of its) {
        for (const { text } of await parseSql(block.code)) {
          await client.query(text).catch((error: Error) => {
            throw new Error(`${placeOf(block)}: ${error.message}: ${text}`);
          });
        }
      }
      await client.query('rollback');
    } finally {
      await client.end();
      await database.stop();
    }
  });

  it('a preamble is of a page that is there, and that needs it', () => {
    expect(Object.keys(BEFORE).filter((page) => !byPage.has(page))).toEqual([]);
  });
});
