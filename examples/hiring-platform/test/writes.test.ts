import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { demoId } from '../src/admin/demo-companies.js';
import { lasting } from './support/http.js';
import { acme, type Company, globex, TestPlatform } from './support/platform.js';

const UNKNOWN = '0199a000-0000-7000-8fff-ffffffffffff';

describe('writing', () => {
  let platform: TestPlatform;
  beforeAll(async () => {
    platform = await TestPlatform.start();
  });
  afterAll(() => platform.stop());

  const post = (company: Company, path: string, body: unknown) => platform.as(company, path, { method: 'POST', body });
  const patch = (company: Company, path: string, body: unknown) =>
    platform.as(company, path, { method: 'PATCH', body });

  const ids = (other: Company) => (kind: Parameters<typeof demoId>[1]) => demoId(other, kind, 0);

  it("creates, changes and deletes what is the company's own", async () => {
    const job = await post(acme, '/jobs', { title: 'Cactus gardener', location: 'Tucson' });
    expect(job).toMatchObject({ status: 201, body: { title: 'Cactus gardener', open: true, tenantId: 't_acme' } });
    const candidate = await post(acme, '/candidates', { name: 'Ana Agave', email: 'ana@candidates.example' });
    const application = await post(acme, '/applications', { jobId: job.body.id, candidateId: candidate.body.id });
    expect(application).toMatchObject({ status: 201, body: { stage: 'applied' } });
    const note = await post(acme, `/applications/${application.body.id}/notes`, { text: 'Likes heat.' });
    expect(note).toMatchObject({ status: 201, body: { text: 'Likes heat.', authorId: demoId(acme, 'user', 0) } });

    expect(await patch(acme, `/jobs/${job.body.id}`, { open: false })).toMatchObject({
      status: 200,
      body: { open: false },
    });
    expect(await patch(acme, `/candidates/${candidate.body.id}`, { name: 'Ana A.' })).toMatchObject({ status: 200 });
    expect(await patch(acme, `/applications/${application.body.id}`, { stage: 'offer' })).toMatchObject({
      status: 200,
    });
    const { rows } = await platform.outside.query(
      `select j.open, c.name, a.stage, n.text, a.tenant_id from application a
       join job j on j.id = a.job_id join candidate c on c.id = a.candidate_id join note n on n.application_id = a.id
       where a.id = $1`,
      [application.body.id],
    );
    expect(rows).toEqual([{ open: false, name: 'Ana A.', stage: 'offer', text: 'Likes heat.', tenant_id: 't_acme' }]);

    expect((await platform.as(acme, `/notes/${note.body.id}`, { method: 'DELETE' })).status).toBe(204);
    expect((await platform.as(acme, `/candidates/${candidate.body.id}`, { method: 'DELETE' })).status).toBe(204);
    const left = await platform.outside.query(
      'select id from note where id = $1 union all select id from candidate where id = $2 union all select id from application where id = $3',
      [note.body.id, candidate.body.id, application.body.id],
    );
    expect(left.rows).toEqual([]);
  });

  const foreignWrites: readonly { name: string; write: (id: ReturnType<typeof ids>) => [string, string, unknown?] }[] =
    [
      { name: 'change a job', write: (id) => ['PATCH', `/jobs/${id('job')}`, { open: false }] },
      { name: 'change a candidate', write: (id) => ['PATCH', `/candidates/${id('candidate')}`, { name: 'Stolen' }] },
      { name: 'delete a candidate', write: (id) => ['DELETE', `/candidates/${id('candidate')}`] },
      {
        name: 'change an application',
        write: (id) => ['PATCH', `/applications/${id('application')}`, { stage: 'hired' }],
      },
      { name: 'write a note', write: (id) => ['POST', `/applications/${id('application')}/notes`, { text: 'Mine.' }] },
      { name: 'delete a note', write: (id) => ['DELETE', `/notes/${id('note')}`] },
      { name: 'pay an invoice', write: (id) => ['PATCH', `/invoices/${id('invoice')}`, { status: 'paid' }] },
      {
        name: 'add a line to an invoice',
        write: (id) => ['POST', `/invoices/${id('invoice')}/lines`, { description: 'Smuggled', cents: 1 }],
      },
    ];

  it.each(foreignWrites)(
    'with an id of the other company is 404, as for an unknown id, and changes nothing: $name',
    async ({ write }) => {
      for (const [company, other] of [[acme, globex] as const, [globex, acme] as const]) {
        const before = await Promise.all([acme, globex].map((each) => platform.rowsOf(each)));
        const attempt = ([method, path, body]: [string, string, unknown?]) =>
          platform.as(company, path, { method, body });
        const foreign = await attempt(write(ids(other)));
        expect(foreign.status).toBe(404);
        expect(lasting(foreign)).toEqual(lasting(await attempt(write(() => UNKNOWN))));
        expect(await Promise.all([acme, globex].map((each) => platform.rowsOf(each)))).toEqual(before);
      }
    },
  );

  it('G5: an application cannot join a job or a candidate of the other company', async () => {
    const before = await Promise.all([acme, globex].map((each) => platform.rowsOf(each)));
    const own = { jobId: demoId(acme, 'job', 1), candidateId: demoId(acme, 'candidate', 0) };
    const unknown = await post(acme, '/applications', { ...own, jobId: UNKNOWN });
    expect(unknown.status).toBe(404);
    expect(lasting(await post(acme, '/applications', { ...own, jobId: demoId(globex, 'job', 1) }))).toEqual(
      lasting(unknown),
    );
    expect(lasting(await post(acme, '/applications', { ...own, candidateId: demoId(globex, 'candidate', 0) }))).toEqual(
      lasting(unknown),
    );
    expect(await Promise.all([acme, globex].map((each) => platform.rowsOf(each)))).toEqual(before);
  });

  it('G5: a line of an invoice, which TypeORM writes, cannot name a job of the other company, which Prisma wrote', async () => {
    const before = await Promise.all([acme, globex].map((each) => platform.rowsOf(each)));
    const path = `/invoices/${demoId(acme, 'invoice', 1)}/lines`;
    const lineFor = (jobId: string) => post(acme, path, { description: 'Extra', cents: 100, jobId });
    const unknown = await lineFor(UNKNOWN);
    expect(unknown.status).toBe(404);
    expect(lasting(await lineFor(demoId(globex, 'job', 0)))).toEqual(lasting(unknown));
    expect(await Promise.all([acme, globex].map((each) => platform.rowsOf(each)))).toEqual(before);
    const own = await lineFor(demoId(acme, 'job', 0));
    expect(own).toMatchObject({ status: 201, body: { tenantId: 't_acme', jobId: demoId(acme, 'job', 0) } });
  });

  it('G6: a value that only the other company has is free', async () => {
    const taken = await post(acme, '/candidates', { name: 'Twin', email: acme.candidates[0].email });
    expect(taken.status).toBe(409);
    const free = await post(acme, '/candidates', { name: 'Twin', email: globex.candidates[0].email });
    expect(free).toMatchObject({ status: 201, body: { tenantId: 't_acme' } });
    expect((await post(globex, '/invoices', { month: '2031-01' })).status).toBe(201);
    expect((await post(globex, '/invoices', { month: '2031-01' })).status).toBe(409);
    expect((await post(acme, '/invoices', { month: '2031-01' })).status).toBe(201);
  });

  it.each([
    ['POST', '/jobs', { title: 'Spy', location: 'Anywhere' }],
    ['POST', '/candidates', { name: 'Spy', email: 'spy@candidates.example' }],
    ['PATCH', `/jobs/${demoId(acme, 'job', 0)}`, { open: true }],
    ['PATCH', `/candidates/${demoId(acme, 'candidate', 0)}`, { name: 'Moved' }],
    ['POST', `/applications/${demoId(acme, 'application', 0)}/notes`, { text: 'Smuggled.' }],
    ['POST', '/invoices', { month: '2032-01' }],
    ['PATCH', `/invoices/${demoId(acme, 'invoice', 0)}`, { status: 'open' }],
    ['POST', `/invoices/${demoId(acme, 'invoice', 0)}/lines`, { description: 'Moved', cents: 1 }],
  ])('refuses a body that names a company: %s %s', async (method, path, body) => {
    const before = await Promise.all([acme, globex].map((each) => platform.rowsOf(each)));
    for (const field of ['tenantId', 'tenant_id', 'company']) {
      const answer = await platform.as(acme, path, { method, body: { ...body, [field]: 't_globex' } });
      expect(answer.status).toBe(400);
      expect(answer.text).toContain(field);
    }
    expect(await Promise.all([acme, globex].map((each) => platform.rowsOf(each)))).toEqual(before);
  });

  it('keeps the twins apart when both write at once', async () => {
    const titles = Array.from({ length: 25 }, (_, number) => `Twin job ${number}`);
    const answers = await Promise.all(
      titles.flatMap((title) =>
        [acme, globex].map((company) => post(company, '/jobs', { title, location: company.name })),
      ),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array(50).fill(201));
    const { rows } = await platform.outside.query(
      `select tenant_id, location, count(*)::int from job where title like 'Twin job %' group by 1, 2 order by 1`,
    );
    expect(rows).toEqual([
      { tenant_id: 't_acme', location: acme.name, count: 25 },
      { tenant_id: 't_globex', location: globex.name, count: 25 },
    ]);
  });

  it('refuses what is not valid', async () => {
    expect((await post(acme, '/jobs', { title: '', location: 'Tucson' })).status).toBe(400);
    expect((await post(acme, '/candidates', { name: 'X', email: 'nowhere' })).status).toBe(400);
    expect((await patch(acme, `/applications/${demoId(acme, 'application', 0)}`, { stage: 'vanished' })).status).toBe(
      400,
    );
    expect((await patch(acme, '/jobs/1', { open: true })).status).toBe(400);
    expect((await post(acme, '/invoices', { month: '2026-13' })).status).toBe(400);
    const invoice = `/invoices/${demoId(acme, 'invoice', 0)}`;
    expect((await patch(acme, invoice, { status: 'void' })).status).toBe(400);
    expect((await post(acme, `${invoice}/lines`, { description: 'Refund', cents: -1 })).status).toBe(400);
    for (const query of [
      'invoices?sort=tenantId',
      'invoices?search=a&search=b',
      'audit-log?page=0',
      'audit-log?size=1e9',
    ]) {
      expect([query, (await platform.as(acme, `/${query}`)).status]).toEqual([query, 400]);
    }
    // PostgreSQL has no such character.
    for (const [path, body] of [
      ['/jobs', { title: 'Zero\0', location: 'Tucson' }],
      [`${invoice}/lines`, { description: 'Zero\0', cents: 1 }],
    ] as const) {
      expect([path, (await post(acme, path, body)).status]).toEqual([path, 400]);
    }
    expect((await platform.as(acme, '/invoices?search=%00')).status).toBe(400);
  });
});
