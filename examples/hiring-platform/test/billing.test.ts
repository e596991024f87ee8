import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { demoId } from '../src/admin/demo-companies.js';
import { prices } from '../src/billing/prices.js';
import { acme, type Company, canariesOf, globex, TestPlatform } from './support/platform.js';

const twins: readonly (readonly [Company, Company])[] = [
  [acme, globex],
  [globex, acme],
];

describe('billing, through TypeORM', () => {
  let platform: TestPlatform;
  beforeAll(async () => {
    platform = await TestPlatform.start();
    await Promise.all([platform.tokenOf(acme), platform.tokenOf(globex)]);
  });
  afterAll(() => platform.stop());

  const post = (company: Company, path: string, body: unknown) => platform.as(company, path, { method: 'POST', body });

  it('adds up the lines of the own invoices, searches them and sorts them', async () => {
    for (const [company, other] of twins) {
      const september = {
        id: demoId(company, 'invoice', 0),
        month: '2026-09',
        status: 'paid',
        lines: 2,
        cents: prices.subscription + prices.publishedJob,
      };
      const october = {
        id: demoId(company, 'invoice', 1),
        month: '2026-10',
        status: 'open',
        lines: 2,
        cents: prices.subscription + company.service.cents,
      };
      const list = async (query: string) => (await platform.as(company, `/invoices${query}`)).body;
      expect(await list('')).toEqual([september, october]);
      expect(await list('?order=desc')).toEqual([october, september]);
      expect(await list('?sort=cents')).toEqual([september, october]);
      expect(await list('?sort=cents&order=desc')).toEqual([october, september]);
      // The total is that of the whole invoice, whichever line is found.
      expect(await list('?search=career%20FAIR')).toEqual([october]);
      expect(await list(`?search=${encodeURIComponent(company.service.name)}`)).toEqual([october]);
      expect(await list(`?search=${encodeURIComponent(other.service.name)}`)).toEqual([]);
      expect(await list('?search=%25')).toEqual([]);
    }
  });

  it('bills the jobs that Prisma finds, in the same request, also when both companies ask at once', async () => {
    const months = Array.from({ length: 12 }, (_, index) => `2027-${String(index + 1).padStart(2, '0')}`);
    const bill = async (company: Company, other: Company, month: string) => {
      const { status, body, text } = await post(company, '/invoices', { month });
      expect(status).toBe(201);
      expect(body).toMatchObject({ tenantId: company.id, month, status: 'open', paidAt: null });
      const found = await platform.as(company, `/invoices/${body.id}`);
      const descriptions = found.body.lines.map(({ description }: { description: string }) => description).sort();
      const published = company.jobs.filter(({ open }) => open).map(({ title }) => `Published: ${title}`);
      expect(descriptions).toEqual(['Subscription', ...published].sort());
      for (const canary of canariesOf(other)) expect(text + found.text).not.toContain(canary);
    };
    await Promise.all(months.flatMap((month) => twins.map(([company, other]) => bill(company, other, month))));
    const { rows } = await platform.outside.query(
      `select i.tenant_id, count(*)::int, sum(l.cents)::int as cents, bool_and(j.open) as published,
         bool_and(i.tenant_id = l.tenant_id and (j.tenant_id is null or j.tenant_id = i.tenant_id)) as own
       from invoice i join invoice_line l on l.invoice_id = i.id left join job j on j.id = l.job_id
       where i.month like '2027-%' group by 1 order by 1`,
    );
    const cents = 12 * (prices.subscription + 2 * prices.publishedJob);
    expect(rows).toEqual(
      [acme, globex].map(({ id }) => ({ tenant_id: id, count: 36, cents, published: true, own: true })),
    );
  });

  it('marks an invoice as paid, and as open again', async () => {
    const path = `/invoices/${demoId(acme, 'invoice', 1)}`;
    const before = await platform.rowsOf(globex);
    const paid = await platform.as(acme, path, { method: 'PATCH', body: { status: 'paid' } });
    expect(paid).toMatchObject({ status: 200, body: { status: 'paid', paidAt: expect.any(String) } });
    expect((await platform.as(acme, path)).body).toMatchObject({ status: 'paid', paidAt: paid.body.paidAt });
    const open = await platform.as(acme, path, { method: 'PATCH', body: { status: 'open' } });
    expect(open).toMatchObject({ status: 200, body: { status: 'open', paidAt: null } });
    expect(await platform.rowsOf(globex)).toEqual(before);
  });
});
