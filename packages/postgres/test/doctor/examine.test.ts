import { describe, expect, inject, it } from 'vitest';
import { ADVISED_FIXES, REQUIRED_FIXES } from '../../src/doctor/diagnosis/row-security-fixes.js';
import type { Queryable, Rule } from '../../src/doctor/diagnosis/rule.js';
import { examine } from '../../src/doctor/examine.js';
import { missing, serverVersion } from '../../src/doctor/rules/server-version.js';
import { adviceRules, startRules } from '../../src/doctor/rules.js';
import { forAllTests } from '../database/for-all-tests.js';
import { createPatient } from './patient.js';

const patient = forAllTests(() => createPatient(inject('postgresUrl')));

const OPTIONS = { setting: 'app.tenant_id', schemas: ['public'], shared: ['country'], tenantColumn: 'tenant_id' };
const server = (version: number): Queryable => ({ query: async () => ({ rows: [{ version }] }) });

describe('examine', () => {
  it('asks each rule one query, of the catalogs only', async () => {
    const queries: string[] = [];
    const counting: Queryable = {
      query(text, values) {
        queries.push(text);
        return patient.app.query(text, values);
      },
    };
    await examine(counting, OPTIONS);
    await examine(counting, OPTIONS, startRules);
    expect(queries).toHaveLength(2 * startRules.length + adviceRules.length);
    expect(
      queries.join().match(/\b(from|join) (?!pg_|lateral|reach|unnest|granted|tenant_table|aclexplode|\()\w+/g),
    ).toEqual(expect.not.arrayContaining([expect.stringMatching(/information_schema|job/)]));
  });

  it('is the same every time, and sorted by rule and subject', async () => {
    await patient.admin.query(`
      create table b (); create table a ();
      grant select, truncate on a, b to ${patient.role}`);
    const findings = await patient.findings();
    expect(findings.map(({ rule, subject }) => [rule, subject])).toEqual([
      ['table-policies', 'public.a'],
      ['table-policies', 'public.b'],
      ['truncate', 'public.a'],
      ['truncate', 'public.b'],
    ]);
    expect(await patient.findings()).toEqual(findings);
  });

  it('sorts what a rule finds by subject, whatever order the catalogs have', async () => {
    const finding = (subject: string) => ({ rule: 'views', severity: 'error', subject, message: '', fix: '' }) as const;
    const rule: Rule = {
      name: 'views',
      severity: 'error',
      examine: async () => ['public.b', 'public.a', 'public.B'].map(finding),
    };
    const findings = await examine(patient.app, OPTIONS, [rule]);
    expect(findings.map(({ subject }) => subject)).toEqual(['public.B', 'public.a', 'public.b']);
  });

  it('finds nothing of advice at the start, and nothing but errors', async () => {
    expect(startRules.every(({ severity }) => severity === 'error')).toBe(true);
    expect(adviceRules.every(({ severity }) => severity === 'advice')).toBe(true);
    const names = [...startRules, ...adviceRules].map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });

  it('fails when a rule cannot be asked, instead of finding nothing', async () => {
    const broken: Queryable = { query: () => Promise.reject(new Error('gone')) };
    await expect(examine(broken, OPTIONS)).rejects.toThrow('gone');
  });
});

describe('server-version', () => {
  it('accepts the server that the tests run on', async () => {
    expect(await serverVersion.examine(patient.app, OPTIONS)).toEqual([]);
  });

  it.each([
    [140_023, 'upgrade to PostgreSQL 15 or later'],
    [150_002, 'update to PostgreSQL 15.14 or later'],
    [150_013, 'update to PostgreSQL 15.14 or later'],
    [160_009, 'update to PostgreSQL 16.10 or later'],
    [170_005, 'update to PostgreSQL 17.6 or later'],
  ])('refuses %i, and says which version has the fixes', async (version, fix) => {
    expect(await serverVersion.examine(server(version), OPTIONS)).toMatchObject([
      { severity: 'error', subject: 'server', fix },
    ]);
  });

  it.each([150_014, 160_010, 170_006, 180_000, 190_000])('accepts %i', async (version) => {
    expect(await serverVersion.examine(server(version), OPTIONS)).toEqual([]);
  });

  it('names only the fixes that are missing', () => {
    expect(missing(150_009, REQUIRED_FIXES)[0]?.message).toMatch(
      /^PostgreSQL 15\.9 lacks .*: CVE-2025-8713 \([^,]+\)\.$/,
    );
    expect(missing(180_005, ADVISED_FIXES)).toMatchObject([{ fix: 'update to PostgreSQL 18.6 or later' }]);
    expect(missing(180_006, ADVISED_FIXES)).toEqual([]);
  });
});
