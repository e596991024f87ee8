import { describe, expect, it } from 'vitest';
import { isConstant } from '../../../core/src/constant-sql.js';
import { constantOf } from '../../../prisma/src/client/constant.js';
import { needsNoTenant } from '../../src/statement/needs-no-tenant.js';

const inPrisma = (sql: string) => constantOf('$queryRawUnsafe', [sql]) !== undefined;
// As the pool, Prisma and TypeORM ask.
const readers = [needsNoTenant, inPrisma, (sql: string) => isConstant(sql), (sql: string) => isConstant(sql, true)];

describe('constants, as the pool, Prisma and TypeORM read them', () => {
  it.each([
    'SELECT 1',
    'select 1',
    '/* ping */ SELECT 1',
    'SELECT 1 -- ping',
    '-- ping\nSELECT 1;\n--\n',
    "select/* from job */1 /*route='a%2Fb'*/",
    'select 1::int',
    "select '1'::BIGINT as n, true::boolean, null::double precision",
    'select -1',
    'select 1.5, -0.25',
    'select 1 -- from job',
  ])('are constants: %s', (sql) => {
    expect(readers.map((read) => read(sql))).toEqual([true, true, true, true]);
  });

  it.each([
    'select 1 -- \n from job',
    'select 1 --title from job',
    'select 1 /*! , title from job */',
    'select 1 /*M! , title from job */',
    'select 1 /*+ x */',
    'select 1 /* /* */ , title from job /* */ */',
    'select 1 /* , title from job',
    'select 1 */',
    'select 1::job',
    'select 1::int4',
    'select 1::public.int',
    'select 1::int.x',
    'select 1::int[]',
    'select 1::integers',
    'select 1::"int"',
    'select -1::int',
    'select - title',
    'select --1',
    'select 1 - 1',
    'select 1.title',
    'select 1 + title',
    'select version',
    "select 'a' -- x\r, title from job",
    'select 1 -- é\n, title from job',
    'select 1; select title from job',
    'select 1 # x',
    "select 'a\\\\'",
    "select 'a;b'",
    `select ${'1, '.repeat(200)}1`,
  ])('are not: %j', (sql) => {
    expect(readers.map((read) => read(sql))).toEqual([false, false, false, false]);
  });

  it('a long text is read once', () => {
    const long = `select ${'/* */ '.repeat(80)} ! `;
    expect(readers.map((read) => read(long))).toEqual([false, false, false, false]);
  });
});
