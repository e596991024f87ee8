import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { describe, expect, it } from 'vitest';
import { migrate } from '../../src/migrations.js';
import { openFloorDatabase } from '../database/floor-database.js';
import { forAllTests } from '../database/for-all-tests.js';
import { areOwn, interleaved } from './interleaved.js';

const MANGLED = [16, 18, 19, 20, 21, 23, 25, 26, 114, 1003, 1009, 1043, 3802] as const;
const FORMATS = ['text', 'binary'] as const;
/** Of any type, and not only of those that pg's own types list. */
const parsers = pg.types as unknown as {
  getTypeParser(oid: number, format: string): (value: string | Buffer) => unknown;
  setTypeParser(oid: number, format: string, parser: (value: string | Buffer) => unknown): void;
};
const mangled = (value: string | Buffer) => ({ mangled: String(value) });

describe("F11: nothing of the library's own depends on how the application reads types", () => {
  const database = forAllTests(openFloorDatabase);

  const options = [
    ['`binary`', { binary: true }],
    ['`types` of the pool', { types: { getTypeParser: () => mangled } }],
    ['`parseInputDatesAsUTC`', { parseInputDatesAsUTC: true }],
    [
      'all of it, and a set-up',
      {
        binary: true,
        types: { getTypeParser: () => mangled },
        onConnect: (client: pg.ClientBase) => client.query("set lock_timeout = '4321ms'").then(() => {}),
      },
    ],
  ] as const;

  const proven = async (option: object) => {
    const pool = database.pool({ max: 2, ...option });
    await pool.verify();
    let wrong = 0;
    await interleaved(database, { callers: 6, rounds: 4 }, async (tenant) => {
      const { rows } = await pool.query({
        text: 'select tenant_id from job',
        types: { getTypeParser: () => String } as never,
      });
      if (!areOwn(tenant, rows)) wrong += 1;
    });
    expect(wrong).toBe(0);
    await pool.end();
  };

  it.each(options)('start checks, receipts and resets with %s', (_, option) => proven(option));

  it('with parsers that were set on pg itself', async () => {
    const before = MANGLED.flatMap((oid) =>
      FORMATS.map((format) => [oid, format, parsers.getTypeParser(oid, format)] as const),
    );
    for (const [oid, format] of before) parsers.setTypeParser(oid, format, mangled);
    try {
      for (const [, option] of options) await proven(option);
    } finally {
      for (const [oid, format, parser] of before) parsers.setTypeParser(oid, format, parser);
    }
  });

  it('migrations know what they applied', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'tenancy-types-'));
    await writeFile(join(directory, '0001_a.sql'), 'create table migrated (id int)');
    const connection = {
      connectionString: database.superuserUrl,
      binary: true,
      types: { getTypeParser: () => mangled } as never,
    };
    expect(await migrate({ connection, directory })).toMatchObject({ applied: ['0001_a.sql'] });
    expect(await migrate({ connection, directory })).toMatchObject({ applied: [] });
    await rm(directory, { recursive: true });
  });
});
