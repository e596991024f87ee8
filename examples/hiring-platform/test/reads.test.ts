import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { demoId } from '../src/admin/demo-companies.js';
import { lasting } from './support/http.js';
import { acme, type Company, canariesOf, globex, TestPlatform } from './support/platform.js';

const twins: readonly (readonly [Company, Company])[] = [
  [acme, globex],
  [globex, acme],
];

/** Every endpoint that reads, with `{job 1}` for the id of the company's job 1, and what the company must find there. */
const reads: readonly { path: string; finds: (company: Company) => readonly string[] }[] = [
  { path: '/jobs', finds: ({ jobs }) => jobs.filter(({ open }) => open).map(({ title }) => title) },
  { path: '/jobs/{job 1}', finds: ({ jobs }) => [jobs[1].title] },
  { path: '/candidates', finds: ({ candidates }) => candidates.map(({ name }) => name) },
  { path: '/candidates/{candidate 0}', finds: ({ candidates }) => [candidates[0].email] },
  { path: '/applications', finds: (company) => [0, 1].map((index) => demoId(company, 'application', index)) },
  {
    path: '/applications/{application 0}',
    finds: (company) => [demoId(company, 'job', 0), demoId(company, 'candidate', 0)],
  },
  { path: '/applications/{application 0}/notes', finds: ({ note }) => [note] },
  { path: '/invoices', finds: (company) => [0, 1].map((index) => demoId(company, 'invoice', index)) },
  { path: '/invoices?search=CAREER&sort=cents&order=desc', finds: (company) => [demoId(company, 'invoice', 1)] },
  { path: '/invoices/{invoice 0}', finds: ({ jobs }) => ['2026-09', jobs[0].title] },
  { path: '/invoices/{invoice 1}', finds: ({ service }) => [service.name] },
  {
    path: '/audit-log?page=1&size=5',
    finds: (company) => [demoId(company, 'note', 0), demoId(company, 'user', 0), company.recruiters[0].email],
  },
  { path: '/auth/me', finds: ({ name, recruiters }) => [name, recruiters[0].email] },
];

const pathFor = (company: Company, path: string) =>
  path.replace(/\{(\w+) (\d)\}/g, (_, kind, index) => demoId(company, kind, Number(index)));

describe('reading', () => {
  let platform: TestPlatform;
  beforeAll(async () => {
    platform = await TestPlatform.start();
    await Promise.all([platform.tokenOf(acme), platform.tokenOf(globex)]);
  });
  afterAll(() => platform.stop());

  async function readsOwnAndNothingElse(company: Company, other: Company, { path, finds }: (typeof reads)[number]) {
    const { status, text } = await platform.as(company, pathFor(company, path));
    expect(status).toBe(200);
    for (const own of finds(company)) expect(text).toContain(own);
    for (const canary of canariesOf(other)) expect(text).not.toContain(canary);
  }

  it.each(reads)('answers with the own rows and with no foreign ones: $path', async (read) => {
    for (const [company, other] of twins) await readsOwnAndNothingElse(company, other, read);
  });

  it('does so for both companies at once, over and over', async () => {
    const rounds = Array.from({ length: 10 }, () => reads).flat();
    await Promise.all(
      rounds.flatMap((read) => twins.map(([company, other]) => readsOwnAndNothingElse(company, other, read))),
    );
  });

  it('shows the open jobs to visitors who have not signed in, and the closed ones to nobody', async () => {
    for (const [company, other] of twins) {
      const { status, text } = await platform.call(`${company.slug}.localhost`, '/jobs');
      expect(status).toBe(200);
      expect(text).toContain(company.jobs[0].title);
      expect(text).not.toContain(company.jobs[2].title);
      for (const canary of canariesOf(other)) expect(text).not.toContain(canary);
      const closed = await platform.as(company, `/jobs/${demoId(company, 'job', 2)}`);
      expect(closed.status).toBe(404);
    }
  });

  it('answers for an id of the other company as for one that nobody has', async () => {
    const unknown = '0199a000-0000-7000-8fff-ffffffffffff';
    const byId = (id: (kind: Parameters<typeof demoId>[1]) => string) => [
      `/jobs/${id('job')}`,
      `/candidates/${id('candidate')}`,
      `/applications/${id('application')}`,
      `/applications/${id('application')}/notes`,
      `/invoices/${id('invoice')}`,
    ];
    for (const [company, other] of twins) {
      const foreignPaths = byId((kind) => demoId(other, kind, 0));
      const unknownPaths = byId(() => unknown);
      for (const [index, path] of foreignPaths.entries()) {
        const foreign = await platform.as(company, path);
        expect(foreign.status).toBe(404);
        expect(lasting(foreign)).toEqual(lasting(await platform.as(company, unknownPaths[index] as string)));
        // And it is there for its own company, so the 404 means something.
        expect((await platform.as(other, path)).status).toBe(200);
      }
    }
  });

  it('never shows a password hash', async () => {
    const { text } = await platform.as(acme, '/auth/me');
    const [user] = (await platform.rowsOf(acme))['user_account'] as { password_hash: string }[];
    expect(user?.password_hash).toMatch(/^[\w-]{22}\.[\w-]{43}$/);
    expect(text).not.toContain(user?.password_hash);
  });
});
