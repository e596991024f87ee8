import type { NestExpressApplication } from '@nestjs/platform-express';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { demoId } from '../src/admin/demo-companies.js';
import { Person } from './support/person.js';
import { acme, type Company, canariesOf, globex, TestPlatform } from './support/platform.js';

interface Written {
  readonly [kind: string]: string;
}

/** Every write there is, in an order in which each can be done, and the entry it makes. */
const writes: readonly {
  route: string;
  body?: (written: Written) => unknown;
  action: string;
}[] = [
  { route: 'POST /jobs', body: () => ({ title: 'Audited', location: 'Tucson' }), action: 'job.created' },
  { route: 'PATCH /jobs/:id', body: () => ({ location: 'Phoenix' }), action: 'job.changed' },
  {
    route: 'POST /candidates',
    body: () => ({ name: 'Ada Audit', email: 'ada@candidates.example' }),
    action: 'candidate.created',
  },
  { route: 'PATCH /candidates/:id', body: () => ({ name: 'Ada A.' }), action: 'candidate.changed' },
  {
    route: 'POST /applications',
    body: ({ job, candidate }) => ({ jobId: job, candidateId: candidate }),
    action: 'application.created',
  },
  { route: 'PATCH /applications/:id', body: () => ({ stage: 'offer' }), action: 'application.changed' },
  { route: 'POST /applications/:id/notes', body: () => ({ text: 'Likes logs.' }), action: 'note.created' },
  { route: 'DELETE /notes/:id', action: 'note.deleted' },
  { route: 'DELETE /candidates/:id', action: 'candidate.forgotten' },
  { route: 'POST /invoices', body: () => ({ month: '2033-03' }), action: 'invoice.created' },
  {
    route: 'POST /invoices/:id/lines',
    body: () => ({ description: 'Extra', cents: 100 }),
    action: 'invoice.line_added',
  },
  { route: 'PATCH /invoices/:id', body: () => ({ status: 'paid' }), action: 'invoice.changed' },
];

/** The same writes by forms of the pages, after all of the above but those that take away. */
const forms: readonly { route: string; form: (written: Written) => Record<string, string>; action: string }[] = [
  { route: 'POST /desk/jobs', form: () => ({ title: 'On a page', location: 'Tucson' }), action: 'job.created' },
  { route: 'POST /desk/jobs/:id', form: () => ({ open: 'yes' }), action: 'job.changed' },
  {
    route: 'POST /desk/candidates',
    form: () => ({ name: 'Pat Page', email: 'pat@candidates.example' }),
    action: 'candidate.created',
  },
  {
    route: 'POST /desk/jobs/:id/applications',
    form: ({ candidate = '' }) => ({ candidateId: candidate }),
    action: 'application.created',
  },
  { route: 'POST /desk/applications/:id/stage', form: () => ({ stage: 'offer' }), action: 'application.changed' },
  { route: 'POST /desk/applications/:id/notes', form: () => ({ text: 'Likes pages.' }), action: 'note.created' },
  { route: 'POST /desk/invoices', form: () => ({ month: '2036-06' }), action: 'invoice.created' },
];

describe('the audit log', () => {
  let platform: TestPlatform;
  beforeAll(async () => {
    platform = await TestPlatform.start();
    await Promise.all([platform.tokenOf(acme), platform.tokenOf(globex)]);
  });
  afterAll(() => platform.stop());

  const entriesOf = async (company: Company) => (await platform.as(company, '/audit-log?size=100')).body.entries;
  const post = (company: Company, path: string, body: unknown) => platform.as(company, path, { method: 'POST', body });

  /** Does every write once, and answers with the entries that must be there, the latest first. */
  async function writeEverything(company: Company) {
    const written: Record<string, string> = {};
    const expected: object[] = [];
    for (const { route, body, action } of writes) {
      const [method, template] = route.split(' ') as [string, string];
      const kindOfPath = template.split('/')[1]?.replace(/s$/, '') as string;
      const path = template.replace(':id', written[kindOfPath] ?? '');
      const answer = await platform.as(company, path, { method, body: body?.(written) });
      expect([route, answer.status]).toEqual([route, expect.toSatisfy((status) => status >= 200 && status < 300)]);
      const [kind, what] = action.split('.') as [string, string];
      if (what === 'created') written[kind] = answer.body.id;
      expected.unshift({
        action,
        recordId: written[kind],
        recruiterId: demoId(company, 'user', 0),
        by: company.recruiters[0].email,
        tenantId: company.id,
      });
    }
    return expected;
  }

  it('has an entry for each write, also when both companies write at once', async () => {
    const [ofAcme, ofGlobex] = await Promise.all([acme, globex].map(writeEverything));
    expect((await entriesOf(acme)).slice(0, writes.length)).toMatchObject(ofAcme as object[]);
    expect((await entriesOf(globex)).slice(0, writes.length)).toMatchObject(ofGlobex as object[]);
  });

  it('has an entry for each form of the pages', async () => {
    const person = await Person.signIn(platform, acme);
    const written: Record<string, string> = {};
    for (const { route, form, action } of forms) {
      const kindOfPath = route.split('/')[2]?.replace(/s$/, '') as string;
      const path = (route.split(' ')[1] as string).replace(':id', written[kindOfPath] ?? '');
      expect([route, (await person.send(path, form(written))).status]).toEqual([route, 303]);
      const [latest] = await entriesOf(acme);
      expect([route, latest.action, latest.by]).toEqual([route, action, acme.recruiters[0].email]);
      const [kind, what] = action.split('.') as [string, string];
      if (what === 'created') written[kind] = latest.recordId;
    }
  });

  it('is told of every route that writes', () => {
    const instance: unknown = (platform.app as NestExpressApplication).getHttpAdapter().getInstance();
    const { router } = instance as {
      router: { stack: { route?: { path: string; methods: Record<string, boolean> } }[] };
    };
    const routes = router.stack.flatMap(({ route }) =>
      route ? Object.keys(route.methods).map((method) => `${method.toUpperCase()} ${route.path}`) : [],
    );
    expect(routes).toContain('GET /audit-log');
    const writing = routes.filter((route) => !route.startsWith('GET '));
    // A sign-up is told of in the log of the company that it makes.
    const others = ['POST /auth/sign-in', 'POST /sign-up', 'POST /new-company', 'POST /sign-in', 'POST /sign-out'];
    // What it writes it writes to find out whether it can, and takes back.
    others.push('POST /attacks/:attempt', ...forms.map(({ route }) => route));
    expect(writing.sort()).toEqual([...writes.map(({ route }) => route), ...others].sort());
  });

  it('comes in pages of the own entries, and counts no others', async () => {
    for (const [company, other] of [[acme, globex] as const, [globex, acme] as const]) {
      const all = await entriesOf(company);
      const total = writes.length + 1 + (company === acme ? forms.length : 0);
      expect(all).toHaveLength(total);
      const pages = await Promise.all(
        [1, 2, 3, 4, 5, 6].map((page) => platform.as(company, `/audit-log?size=5&page=${page}`)),
      );
      expect(pages.map(({ body }) => body.total)).toEqual(Array(6).fill(total));
      const sizes = company === acme ? [5, 5, 5, 5, 0, 0] : [5, 5, 3, 0, 0, 0];
      expect(pages.map(({ body }) => body.entries.length)).toEqual(sizes);
      expect(pages.flatMap(({ body }) => body.entries)).toEqual(all);
      for (const { text } of pages) for (const canary of canariesOf(other)) expect(text).not.toContain(canary);
    }
  });

  it('undoes a write whose entry cannot be written, in Prisma and in TypeORM', async () => {
    const before = await Promise.all([acme, globex].map((each) => platform.rowsOf(each)));
    platform.app.useLogger(false);
    await platform.outside.query('alter table audit_entry add constraint full_disk check (false) not valid');
    const job = { title: 'Unaudited', location: 'Tucson' };
    const failed = await Promise.all([
      post(acme, '/jobs', job),
      post(acme, '/invoices', { month: '2034-04' }),
      platform.as(acme, `/candidates/${demoId(acme, 'candidate', 0)}`, { method: 'DELETE' }),
    ]);
    await platform.outside.query('alter table audit_entry drop constraint full_disk');
    expect(failed.map(({ status }) => status)).toEqual([500, 500, 500]);
    expect(await Promise.all([acme, globex].map((each) => platform.rowsOf(each)))).toEqual(before);
    expect((await post(acme, '/jobs', job)).status).toBe(201);
  });

  it('goes with a write whose commit fails, in Prisma and in TypeORM: they are one transaction', async () => {
    platform.app.useLogger(false);
    const before = await platform.rowsOf(acme);
    await platform.outside.query(`
      create function fail_at_commit() returns trigger language plpgsql as $$ begin raise 'no commit'; end $$;
      create constraint trigger fails after insert on job deferrable initially deferred
        for each row execute function fail_at_commit();
      create constraint trigger fails after insert on invoice deferrable initially deferred
        for each row execute function fail_at_commit();`);
    const invoice = await post(acme, '/invoices', { month: '2035-05' });
    const afterInvoice = await platform.rowsOf(acme);
    const job = await post(acme, '/jobs', { title: 'Never there', location: 'Tucson' });
    await platform.outside.query('drop function fail_at_commit cascade');
    expect([invoice.status, job.status]).toEqual([500, 500]);
    expect(afterInvoice).toEqual(before);
    expect(await platform.rowsOf(acme)).toEqual(before);
  });
});
