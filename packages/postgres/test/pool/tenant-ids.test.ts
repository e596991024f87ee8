import type { Tenant } from '@tenancy/core';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import type { TenantPool } from '../../src/index.js';
import { openFloorDatabase } from '../database/floor-database.js';
import { forAllTests } from '../database/for-all-tests.js';
import { openWireProxy } from './wire-proxy.js';

const NASTY = [
  "'; drop table job; --",
  "a' or '1'='1",
  '$1',
  '$$',
  '%s %n %',
  '\\',
  '\\x00',
  '\\\\\'"',
  '"quoted"',
  '\n\r\t\v',
  ' ',
  'null',
  'NULL',
  '{}',
  '日本語',
  'שלום עולם',
  '\u202eabc',
  '👩‍👩‍👧‍👦',
  'e\u0301',
  '\u00e9',
  '\ufffd',
  '\uffff',
  '\u{10ffff}',
  'app.tenant_id',
  't_acme\ntenancy',
  'x'.repeat(255),
  '😀'.repeat(63),
];

/** Any string that names a tenant: at most 255 bytes, well-formed, without NUL. */
const anyId = fc
  .oneof(
    fc.constantFrom(...NASTY),
    fc.string({ unit: 'binary', minLength: 1, maxLength: 60 }),
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }),
    fc.stringMatching(/^['"\\$%;:{}()\s-]{1,30}$/),
  )
  .filter((id) => id !== '' && !id.includes('\0') && id.isWellFormed() && Buffer.byteLength(id) <= 255);

describe("a tenant's id", () => {
  const database = forAllTests(openFloorDatabase);
  let pool: TenantPool;
  beforeAll(async () => {
    pool = database.pool({ max: 2, idleTimeoutMillis: 0 });
    await pool.verify();
  });

  const as = <T>(id: string, work: () => Promise<T>) => database.context.run({ id, slug: 'any' }, work);
  const SEEN = "select current_setting('app.tenant_id') as id";

  it('arrives exactly as it is, whatever it is made of, and its rows are its own', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(anyId, { minLength: 2, maxLength: 3 }), async (ids) => {
        await Promise.all(
          ids.map((id) =>
            as(id, async () => {
              expect((await pool.query(SEEN)).rows).toEqual([{ id }]);
              await pool.query('insert into job (id, title) values (1, $1)', [id]);
              expect((await pool.query('select tenant_id, title from job')).rows).toEqual([
                { tenant_id: id, title: id },
              ]);
              expect((await pool.query('delete from job')).rowCount).toBe(1);
            }),
          ),
        );
      }),
      { numRuns: 150, examples: NASTY.map((id, index) => [[id, NASTY[(index + 1) % NASTY.length] as string]]) },
    );
  });

  it('is in none of the messages but as a value of its own', async () => {
    const proxy = await openWireProxy(database.url);
    const watched = database.pool({ connectionString: proxy.url, max: 1 });
    await as("zanz'ibar", () => watched.query('select 1'));
    expect(proxy.texts.filter((text) => text.includes('zanz'))).toEqual([]);
    await watched.end();
    await proxy.stop();
  });

  it('cannot be what PostgreSQL would take for another', () => {
    for (const id of ['a\0b', '\ud800', 'a\udfff', '', 'x'.repeat(256)]) {
      expect(() => as(id, () => pool.query(SEEN))).toThrow(expect.objectContaining({ code: 'tenant_context_missing' }));
    }
  });

  it('is refused where another context than ours answers with one that cannot name a tenant', async () => {
    for (const id of ['a\0b', '\ud800', 'a\udfff', '', 'x'.repeat(256), undefined, 7]) {
      const context = { current: () => ({ id, slug: 'any' }) as Tenant, isActive: () => true };
      const own = database.pool({ context, max: 1 });
      await expect(own.query(SEEN)).rejects.toMatchObject({ code: 'tenant_context_missing' });
      await own.end();
    }
  });
});
