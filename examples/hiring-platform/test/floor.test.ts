import { TenantContext } from '@tenancy/core';
import type { TenantPool } from '@tenancy/postgres';
import { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { demoId } from '../src/admin/demo-companies.js';
import { TENANT_POOL } from '../src/database/tenant-pool.js';
import { acme, type Company, canariesOf, globex, TestPlatform } from './support/platform.js';

const twins: readonly (readonly [Company, Company])[] = [
  [acme, globex],
  [globex, acme],
];

describe('row-level security below the application', () => {
  let platform: TestPlatform;
  let pool: TenantPool;
  let dataSource: DataSource;
  beforeAll(async () => {
    platform = await TestPlatform.start();
    pool = platform.app.get<TenantPool>(TENANT_POOL);
    dataSource = platform.app.get(DataSource);
  });
  afterAll(() => platform.stop());

  const asCompany = <R>({ id, slug, name }: Company, fn: () => R) =>
    platform.app.get(TenantContext).run({ id, slug, name }, fn);

  it('holds a report in raw SQL, which names no company, to the company that asks for it', async () => {
    const pipeline = async (company: Company) => (await platform.as(company, '/applications/pipeline')).body;
    expect(await pipeline(acme)).toEqual([{ stage: 'applied', applications: 2 }]);
    const changed = await platform.as(acme, `/applications/${demoId(acme, 'application', 0)}`, {
      method: 'PATCH',
      body: { stage: 'hired' },
    });
    expect(changed.status).toBe(200);
    const rounds = Array.from({ length: 20 }, () => Promise.all([pipeline(acme), pipeline(globex)]));
    for (const [ofAcme, ofGlobex] of await Promise.all(rounds)) {
      expect(ofAcme).toEqual([
        { stage: 'applied', applications: 1 },
        { stage: 'hired', applications: 1 },
      ]);
      expect(ofGlobex).toEqual([{ stage: 'applied', applications: 2 }]);
    }
  });

  it.each(['user_account', 'job', 'candidate', 'application', 'note', 'audit_entry', 'invoice', 'invoice_line'])(
    'shows `select * from %s` the own rows and no foreign ones',
    async (table) => {
      for (const [company, other] of twins) {
        const sql = `select * from ${table}`;
        const { rows } = await asCompany(company, () => pool.query(sql));
        expect(rows.length).toBeGreaterThan(0);
        expect(JSON.stringify(rows)).toContain(company.id);
        for (const canary of canariesOf(other)) expect(JSON.stringify(rows)).not.toContain(canary);
        expect(await asCompany(company, () => dataSource.query(sql))).toEqual(rows);
      }
    },
  );

  it("neither changes nor deletes another company's rows, and writes none for it", async () => {
    const before = await platform.rowsOf(globex);
    await asCompany(acme, async () => {
      for (const sql of ["update note set text = 'read'", 'delete from note', 'update job set open = false']) {
        expect((await pool.query(sql)).rowCount).toBeGreaterThan(0);
      }
      const forGlobex = `insert into candidate (tenant_id, id, name, email) values ($1, gen_random_uuid(), 'x', 'x')`;
      await expect(pool.query(forGlobex, [globex.id])).rejects.toThrow(/row-level security/);
      await expect(pool.query('truncate note')).rejects.toThrow('statement_refused');
      const invoiceOfGlobex = `insert into invoice (tenant_id, month) values ($1, '2040-01')`;
      await expect(dataSource.query(invoiceOfGlobex, [globex.id])).rejects.toThrow(/row-level security/);
      expect(await dataSource.query('update invoice_line set cents = 0 returning cents')).toMatchObject([
        expect.arrayContaining([{ cents: 0 }]),
        4,
      ]);
    });
    expect(await platform.rowsOf(globex)).toEqual(before);
    expect((await platform.rowsOf(acme))['note']).toEqual([]);
  });

  it("keeps the list of companies out of every company's reach", async () => {
    const sql = 'select * from tenancy.tenant';
    await expect(asCompany(acme, () => pool.query(sql))).rejects.toThrow('permission denied');
    await expect(asCompany(acme, () => dataSource.query(sql))).rejects.toThrow('permission denied');
  });

  it('sends nothing when there is no company', async () => {
    await expect(pool.query('select * from job')).rejects.toThrow('tenant_context_missing');
    await expect(dataSource.query('select * from invoice')).rejects.toThrow('tenant_context_missing');
  });
});
