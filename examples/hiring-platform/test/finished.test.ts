import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { demoId } from '../src/admin/demo-companies.js';
import { Person } from './support/person.js';
import { acme, type Company, globex, TestPlatform } from './support/platform.js';

/** Connections to this database that wait for a row. */
const WAITING = `
  select from pg_locks where not granted and pid in (
    select l.pid from pg_locks l join pg_database d on d.oid = l.database where d.datname = current_database())`;

describe('what is over', () => {
  let platform: TestPlatform;
  beforeAll(async () => {
    platform = await TestPlatform.start();
    await Promise.all([platform.tokenOf(acme), platform.tokenOf(globex)]);
  });
  afterAll(() => platform.stop());

  const post = (company: Company, path: string, body: unknown) => platform.as(company, path, { method: 'POST', body });
  const line = { description: 'Too late', cents: 100 };
  const countOf = async (table: string) =>
    (await platform.outside.query(`select count(*)::int from ${table}`)).rows[0].count as number;

  /** Sends `sql` from outside, and commits it when `call` waits for it. */
  async function whileItIsWritten<R>(sql: string, id: string, call: () => Promise<R>): Promise<R> {
    const { outside } = platform;
    await outside.query('begin');
    try {
      await outside.query(sql, [id]);
      const answer = call();
      await expect.poll(async () => (await outside.query(WAITING)).rowCount, { timeout: 20_000 }).toBeGreaterThan(0);
      await outside.query('commit');
      return await answer;
    } finally {
      await outside.query('rollback');
    }
  }

  it('a paid invoice gets no line more, and an open one does', async () => {
    const before = await countOf('invoice_line');
    for (const company of [acme, globex]) {
      const paid = await post(company, `/invoices/${demoId(company, 'invoice', 0)}/lines`, line);
      expect(paid).toMatchObject({ status: 409, body: { message: 'invoice_paid' } });
    }
    expect(await countOf('invoice_line')).toBe(before);
    expect((await post(acme, `/invoices/${demoId(acme, 'invoice', 1)}/lines`, line)).status).toBe(201);
    // Of the other company it is not said whether it is paid.
    for (const index of [0, 1])
      expect((await post(acme, `/invoices/${demoId(globex, 'invoice', index)}/lines`, line)).status).toBe(404);
  });

  it('an invoice that is paid at this moment gets none either', async () => {
    const id = demoId(globex, 'invoice', 1);
    const answer = await whileItIsWritten(`update invoice set status = 'paid' where id = $1`, id, () =>
      post(globex, `/invoices/${id}/lines`, line),
    );
    expect(answer.status).toBe(409);
  });

  it('nobody applies for a closed job, by the API or by a form, and nobody is written to', async () => {
    const before = [await countOf('application'), await countOf('outbox_event'), await countOf('mail')];
    for (const company of [acme, globex]) {
      const jobId = demoId(
        company,
        'job',
        company.jobs.findIndex(({ open }) => !open),
      );
      const candidateId = demoId(company, 'candidate', 0);
      const answer = await post(company, '/applications', { jobId, candidateId });
      expect(answer).toMatchObject({ status: 409, body: { message: 'job_closed' } });
      const person = await Person.signIn(platform, company);
      const form = await person.send(`/desk/jobs/${jobId}/applications`, { candidateId });
      expect([form.status, form.text.includes('This job is closed')]).toEqual([409, true]);
      expect((await person.get(`/desk/jobs/${jobId}`)).text).not.toContain('<button>Apply</button>');
      expect((await person.get(`/desk/jobs/${demoId(company, 'job', 0)}`)).text).toContain('Somebody applies');
    }
    expect([await countOf('application'), await countOf('outbox_event'), await countOf('mail')]).toEqual(before);
  });

  it('nor for one that is closed at this moment', async () => {
    const job = await post(acme, '/jobs', { title: 'Closing', location: 'here' });
    const ada = await post(acme, '/candidates', { name: 'Ada', email: 'ada@candidates.example' });
    const answer = await whileItIsWritten('update job set open = false where id = $1', job.body.id, () =>
      post(acme, '/applications', { jobId: job.body.id, candidateId: ada.body.id }),
    );
    expect(answer.status).toBe(409);
    await platform.as(acme, `/jobs/${job.body.id}`, { method: 'PATCH', body: { open: true } });
    expect((await post(acme, '/applications', { jobId: job.body.id, candidateId: ada.body.id })).status).toBe(201);
  });
});
