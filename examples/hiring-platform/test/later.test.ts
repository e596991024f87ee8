import { SchedulerRegistry } from '@nestjs/schedule';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { acme, type Company, globex, TestPlatform } from './support/platform.js';

describe('what runs later', () => {
  let platform: TestPlatform;
  beforeAll(async () => {
    platform = await TestPlatform.start();
    // Hashing passwords takes both processors.
    await Promise.all([platform.tokenOf(acme), platform.tokenOf(globex)]);
  });
  afterAll(() => platform.stop());

  const post = async (company: Company, path: string, body: unknown) => {
    const answer = await platform.as(company, path, { method: 'POST', body });
    expect(answer.status).toBe(201);
    return answer.body;
  };
  const mailsOf = async (company: Company): Promise<{ recipient: string; subject: string; tenantId: string }[]> =>
    (await platform.as(company, '/mails')).body;
  const tick = () => {
    for (const clock of platform.app.get(SchedulerRegistry).getCronJobs().values()) void clock.fireOnTick();
  };

  async function apply(company: Company, n: number): Promise<string> {
    const job = await post(company, '/jobs', { title: `${company.slug} job ${n}`, location: 'here' });
    const email = `${company.slug}-${n}@candidates.example`;
    const candidate = await post(company, '/candidates', { name: `Candidate ${n}`, email });
    await post(company, '/applications', { jobId: job.id, candidateId: candidate.id });
    return email;
  }

  it('a candidate is written to by the company that was applied at, also when both are busy', async () => {
    const emails = await Promise.all([0, 1, 2, 3, 4, 5].map((n) => apply(n % 2 ? acme : globex, n)));
    for (const company of [acme, globex]) {
      const own = emails.filter((email) => email.startsWith(company.slug)).toSorted();
      await expect
        .poll(async () => (await mailsOf(company)).map(({ recipient }) => recipient).toSorted(), { timeout: 60_000 })
        .toEqual(own);
      for (const { subject, tenantId } of await mailsOf(company)) {
        expect(subject).toContain(`${company.slug} job`);
        expect(tenantId).toBe(company.id);
      }
    }
  });

  it('nobody is written to where the application was not stored', async () => {
    const before = (await mailsOf(acme)).length;
    const answer = await platform.as(acme, '/applications', {
      method: 'POST',
      body: { jobId: '0199a000-0000-7000-8fff-ffffffffffff', candidateId: '0199a000-0000-7000-8fff-ffffffffffff' },
    });
    expect(answer.status).toBe(404);
    const { rows } = await platform.outside.query('select * from outbox_event');
    expect(rows).toEqual([]);
    expect(await mailsOf(acme)).toHaveLength(before);
  });

  it("each night the recruiters of each company are told of the company's own applications, once", async () => {
    // Twice at once: one of them runs.
    tick();
    tick();
    const digests = async (company: Company) =>
      (await mailsOf(company)).filter(({ subject }) => /wait for you/.test(subject));
    for (const company of [acme, globex]) {
      const { rows } = await platform.outside.query(
        "select count(*)::int as waiting from application where tenant_id = $1 and stage = 'applied'",
        [company.id],
      );
      const own = company.recruiters.map(({ email }) => email).toSorted();
      await expect
        .poll(async () => (await digests(company)).map(({ recipient }) => recipient).toSorted(), { timeout: 60_000 })
        .toEqual(own);
      for (const { subject } of await digests(company))
        expect(subject).toBe(`${rows[0].waiting} applications wait for you`);
    }
  });

  it('numbers that are remembered are those of the company that asks', async () => {
    await apply(acme, 7);
    const numbers = async (company: Company) => (await platform.as(company, '/statistics')).body;
    const [first, second] = await Promise.all([numbers(acme), numbers(globex)]);
    expect(first).not.toEqual(second);
    for (const [company, seen] of [
      [acme, first],
      [globex, second],
    ] as const) {
      const { rows } = await platform.outside.query(
        'select count(*)::int as applications from application where tenant_id = $1',
        [company.id],
      );
      expect(seen.applications).toBe(rows[0].applications);
    }
  });
});
