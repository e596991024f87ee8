import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { TenantContext } from '@tenancy/core';
import type { TenantPool } from '@tenancy/postgres';
import { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { demoId } from '../src/admin/demo-companies.js';
import { TENANT_POOL } from '../src/database/tenant-pool.js';
import { readSettings } from '../src/settings/settings.js';
import { prepareDatabase } from '../src/start/prepare-database.js';
import { acme, type Company, canariesOf, globex, TestPlatform } from './support/platform.js';

const twins: readonly (readonly [Company, Company])[] = [
  [acme, globex],
  [globex, acme],
];

describe('a schema for each company', () => {
  let platform: TestPlatform;
  beforeAll(async () => {
    platform = await TestPlatform.start({ isolation: 'schemas' });
  });
  afterAll(() => platform.stop());

  const asCompany = <R>({ id, slug, name }: Company, fn: () => R) =>
    platform.app.get(TenantContext).run({ id, slug, name }, fn);

  it.each(['/jobs', '/candidates', '/applications', `/invoices`, '/audit-log'])(
    "answers %s with the company's own rows, after its own sign-in",
    async (path) => {
      for (const [company, other] of twins) {
        const { status, text } = await platform.as(company, path);
        expect(status).toBe(200);
        expect(text).toContain(company.digit.repeat(10));
        for (const canary of canariesOf(other)) expect(text).not.toContain(canary);
      }
      const foreign = await platform.as(acme, path, { token: await platform.tokenOf(globex) });
      expect(foreign).toMatchObject({ status: 401, body: { message: 'tenant_mismatch' } });
    },
  );

  it("shows SQL that names no schema the company's tables, through both ORMs' pools", async () => {
    const pool = platform.app.get<TenantPool>(TENANT_POOL);
    for (const [company, other] of twins) {
      for (const table of ['user_account', 'job', 'candidate', 'application', 'note', 'invoice', 'audit_entry']) {
        const sql = `select * from ${table}`;
        const { rows } = await asCompany(company, () => pool.query(sql));
        expect(rows.length).toBeGreaterThan(0);
        expect(new Set(rows.map(({ tenant_id }) => tenant_id))).toEqual(new Set([company.id]));
        for (const canary of canariesOf(other)) expect(JSON.stringify(rows)).not.toContain(canary);
        expect(await asCompany(company, () => platform.app.get(DataSource).query(sql))).toEqual(rows);
      }
    }
  });

  it("keeps the platform's own tables out of every company's reach", async () => {
    const pool = platform.app.get<TenantPool>(TENANT_POOL);
    await asCompany(acme, async () => {
      await expect(pool.query('select * from tenant')).rejects.toThrow('relation "tenant" does not exist');
      await expect(pool.query('select * from tenancy.tenant')).rejects.toThrow('permission denied');
      await expect(pool.query('select * from operations.tenancy_schedule')).rejects.toThrow('permission denied');
    });
  });

  it("refuses another company's ids in what a request writes", async () => {
    const body = { jobId: demoId(globex, 'job', 0), candidateId: demoId(acme, 'candidate', 1) };
    expect((await platform.as(acme, '/applications', { method: 'POST', body })).status).toBe(404);
  });

  it('applies a migration that was added to every company at the next start', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'hiring-migrations-'));
    try {
      await cp(new URL('../migrations', import.meta.url), folder, { recursive: true });
      await writeFile(join(folder, '0008_salary.sql'), 'alter table job add column salary integer not null default 0;');
      await prepareDatabase(platform.adminDatabaseUrl, 'schemas', pathToFileURL(`${folder}/`));
    } finally {
      await rm(folder, { recursive: true });
    }
    const { rows } = await platform.outside.query(
      `select table_schema from information_schema.columns where column_name = 'salary' order by 1`,
    );
    expect(rows.map(({ table_schema }) => table_schema)).toEqual(['tenant_t_acme', 'tenant_t_globex']);
    expect((await platform.as(acme, '/jobs')).status).toBe(200);
  });

  it('refuses a database that keeps companies in the other way, and a way that is none', async () => {
    const start = prepareDatabase(platform.adminDatabaseUrl, 'rows');
    await expect(start).rejects.toThrow('keeps companies in schemas. Start with ISOLATION=schemas');
    expect(() => readSettings({ ISOLATION: 'databases' })).toThrow('Set it to rows or schemas.');
  });
});
