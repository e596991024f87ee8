import { mkdir, rm, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CompanyDirectory } from '../src/admin/company-directory.js';
import { demoId } from '../src/admin/demo-companies.js';
import { Person } from './support/person.js';
import { acme, canariesOf, globex, TestPlatform } from './support/platform.js';

const PAGES = [
  '/careers',
  '/desk',
  '/desk/jobs',
  '/desk/candidates',
  '/desk/invoices',
  '/desk/activity',
  '/attacks',
  '/isolation',
];
const browser = { Accept: 'text/html' };

describe('the pages', () => {
  let platform: TestPlatform;
  let sam: Person;
  let hank: Person;
  beforeAll(async () => {
    platform = await TestPlatform.start();
    [sam, hank] = await Promise.all([Person.signIn(platform, acme), Person.signIn(platform, globex)]);
  });
  afterAll(() => platform.stop());

  it('show each company its own, and no word of the other, which caches keep nothing of', async () => {
    // The console names whom it attacks.
    const named: readonly string[] = [globex.name, acme.name];
    for (const [person, other] of [[sam, globex] as const, [hank, acme] as const]) {
      for (const path of [...PAGES, `/desk/jobs/${demoId(other === acme ? globex : acme, 'job', 0)}`]) {
        const { status, text, headers } = await person.get(path);
        expect([path, status, headers['cache-control']]).toEqual([path, 200, 'no-store']);
        for (const canary of canariesOf(other).filter((word) => !named.includes(word)))
          expect(text).not.toContain(canary);
      }
    }
  });

  it('keep the sign-in for one host, out of reach of scripts', () => {
    expect(sam.setCookie).toMatch(/; Path=\/; HttpOnly; SameSite=Lax$/);
    expect(sam.setCookie).not.toMatch(/domain/i);
  });

  it("refuse acme's cookie at globex's address, beside a second one too", async () => {
    for (const path of PAGES) {
      const { status, text, headers } = await sam.get(path, 'globex.localhost');
      expect([path, status]).toEqual([path, 401]);
      // Or neither sign-in nor sign-out would be let through from then on.
      expect(headers['set-cookie']?.[0]).toMatch(/^hiring_session=; Path=\/; Expires=Thu, 01 Jan 1970/);
      expect(text).toContain('tenant_mismatch');
      for (const canary of canariesOf(globex)) expect(text).not.toContain(canary);
    }
    const both = { Cookie: `${sam.cookie}; ${hank.cookie}`, ...browser };
    const { status, headers } = await platform.call('acme.localhost', '/desk', { headers: both });
    expect([status, headers.location]).toEqual([303, '/sign-in']);
  });

  it('say that a form is too large', async () => {
    const { status, text } = await sam.send('/desk/jobs', { title: 'x'.repeat(1_000_000), location: 'Here' });
    expect(status).toBe(413);
    expect(text).toContain('larger than the platform takes');
  });

  it('answer as the own with 404 where an id is of the other', async () => {
    const foreign = await sam.get(`/desk/jobs/${demoId(globex, 'job', 0)}`);
    const nobodys = await sam.get('/desk/jobs/0199a000-0000-7000-8fff-ffffffffffff');
    expect([foreign.status, foreign.text]).toEqual([404, nobodys.text]);
    const before = await platform.rowsOf(globex);
    const id = demoId(globex, 'application', 0);
    expect((await sam.send(`/desk/applications/${id}/stage`, { stage: 'hired' })).status).toBe(404);
    expect((await sam.send(`/desk/applications/${id}/notes`, { text: 'Mine.' })).status).toBe(404);
    expect((await sam.send(`/desk/jobs/${demoId(globex, 'job', 0)}`, { open: 'no' })).status).toBe(404);
    expect(await platform.rowsOf(globex)).toEqual(before);
  });

  it.each([
    ['another company', () => ({ Origin: `http://globex.localhost:${platform.port}` })],
    ['another port', () => ({ Origin: 'http://acme.localhost:1' })],
    ['a frame without an origin', () => ({ Origin: 'null' })],
    ['who says same-site', () => ({ 'Sec-Fetch-Site': 'same-site' })],
    ['who says cross-site', () => ({ 'Sec-Fetch-Site': 'cross-site' })],
  ])('refuse a form of %s, and of the API as well', async (_, headers) => {
    const before = await platform.rowsOf(acme);
    const form = { title: 'Forged', location: 'Elsewhere' };
    for (const path of ['/desk/jobs', '/jobs']) {
      expect((await sam.send(path, form, headers())).status).toBe(403);
    }
    expect((await sam.send('/sign-in', { email: 'a@b.example', password: 'x' }, headers())).status).toBe(403);
    expect(await platform.rowsOf(acme)).toEqual(before);
  });

  it('refuse a cookie that does not say of which page it comes', async () => {
    const form = { title: 'Forged', location: 'Elsewhere' };
    const { status } = await platform.call('acme.localhost', '/desk/jobs', { form, headers: { Cookie: sam.cookie } });
    expect(status).toBe(403);
  });

  it('show what was typed in as text, wherever it stands', async () => {
    const evil = `"><img src=x onerror=alert(1)>'</title><script>alert(2)</script>`;
    const job = await sam.send('/desk/jobs', { title: evil, location: evil });
    expect(job.status).toBe(303);
    expect((await sam.send('/desk/candidates', { name: evil, email: 'evil@candidates.example' })).status).toBe(303);
    const { rows } = await platform.outside.query('select id from candidate where name = $1', [evil]);
    const jobPath = job.headers.location as string;
    expect((await sam.send(`${jobPath}/applications`, { candidateId: rows[0].id })).status).toBe(303);
    const applied = await platform.outside.query('select id from application where candidate_id = $1', [rows[0].id]);
    const path = `/desk/applications/${applied.rows[0].id}`;
    expect((await sam.send(`${path}/notes`, { text: evil })).status).toBe(303);
    await expect.poll(async () => (await sam.get('/desk/activity')).text, { timeout: 60_000 }).toContain('evil@');
    for (const page of [...PAGES, jobPath, path]) {
      const { text } = await sam.get(page);
      expect(text).not.toMatch(/<img|<script>|onerror=alert\(1\)>/);
    }
    expect((await sam.get(path)).text).toContain('&lt;img src=x onerror=alert(1)&gt;');
  });

  it('may run nothing but the own scripts', async () => {
    for (const path of [...PAGES, '/nowhere']) {
      const { headers, text } = await sam.get(path);
      expect(headers['content-security-policy']).toContain("default-src 'none'; style-src 'self'; script-src 'self'");
      expect(headers['x-content-type-options']).toBe('nosniff');
      expect(text).not.toMatch(/<[^>]* (style|on\w+)=|<script>/);
    }
  });

  it('show the report of the proof in a sandbox, whose scripts have no cookie to ask with', async () => {
    const file = new URL('../isolation-report/report.html', import.meta.url);
    // One that somebody has made stays.
    const made = await mkdir(new URL('.', file), { recursive: true });
    await writeFile(file, '<title>A report</title>', { flag: 'wx' }).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
    try {
      const { status, headers } = await sam.get('/isolation/report');
      expect(status).toBe(200);
      expect(headers['content-security-policy']).toMatch(/^sandbox allow-scripts; connect-src 'none';/);
    } finally {
      if (made) await rm(new URL('.', file), { recursive: true });
    }
  });

  it('lead who has not signed in to the sign-in, and from there to nowhere else', async () => {
    const answer = await platform.call('acme.localhost', '/desk', { headers: browser });
    expect([answer.status, answer.headers.location]).toEqual([303, '/sign-in']);
    const { recruiters } = acme;
    const { email, password } = recruiters[0];
    const path = '/sign-in?next=//evil.example&url=http://evil.example';
    const { headers } = await platform.call('acme.localhost', path, { form: { email, password } });
    expect(headers.location).toBe('/desk');
    const wrong = await platform.call('acme.localhost', '/sign-in', { form: { email, password: 'wrong' } });
    expect([wrong.status, wrong.headers['set-cookie']]).toEqual([401, undefined]);
    expect(wrong.text).toContain('role="alert"');
  });

  it('answer a browser with a page and others as before, where there is no company or a suspended one', async () => {
    const directory = platform.app.get(CompanyDirectory, { strict: false });
    await directory.suspend((await directory.create({ slug: 'hooli' })).id);
    for (const [host, path, status, code] of [
      ['initech.localhost', '/careers', 401, 'tenant_required'],
      ['localhost', '/jobs', 401, 'tenant_required'],
      ['hooli.localhost', '/careers', 403, 'tenant_inactive'],
      ['acme.localhost', '/no<b>where</b>', 404, null],
    ] as const) {
      const page = await platform.call(host, encodeURI(path), { headers: browser });
      expect([host, page.status, page.headers['content-type']]).toEqual([host, status, 'text/html; charset=utf-8']);
      if (code) expect(page.text).toContain(code);
      expect(page.text).not.toContain('where</b>');
      const other = await platform.call(host, encodeURI(path));
      expect([other.status, other.body.statusCode]).toEqual([status, status]);
    }
    expect((await platform.call('localhost', '/', { headers: browser })).text).toContain(
      'Companies of the demonstration',
    );
    const front = await platform.call('acme.localhost', '/', { headers: browser });
    expect([front.status, front.headers.location]).toEqual([303, '/careers']);
  });

  it('make a company, which has the colour that it chose', async () => {
    const own = {
      name: 'Hammer & <Sons>',
      slug: 'hammer',
      color: 'amber',
      email: 'h@hammer.example',
      password: 'hammer hires hands',
    };
    const made = await platform.call('localhost', '/new-company', { form: own });
    expect(made.text).toContain(`http://hammer.localhost:${platform.port}/sign-in`);
    expect(made.text).toContain('Hammer &amp; &lt;Sons&gt;');
    expect((await platform.call('hammer.localhost', '/careers')).text).toContain('data-color="amber"');
    const again = await platform.call('localhost', '/new-company', { form: own });
    expect([again.status, again.text.includes('A company has this address.')]).toEqual([409, true]);
    // What was typed is still there, and the password is not.
    for (const value of ['Hammer &amp; &lt;Sons&gt;', 'hammer', 'h@hammer.example'])
      expect(again.text).toContain(`value="${value}"`);
    expect(again.text).toContain('<option selected>amber');
    expect(again.text).not.toContain(own.password);
    for (const slug of ['admin', 'no dots.here']) {
      expect((await platform.call('localhost', '/new-company', { form: { ...own, slug } })).status).toBe(400);
    }
  });

  it('sign out', async () => {
    const { status, headers } = await hank.send('/sign-out', {});
    expect([status, headers.location]).toEqual([303, '/careers']);
    expect(headers['set-cookie']?.[0]).toMatch(/^hiring_session=; Path=\/; Expires=Thu, 01 Jan 1970/);
  });
});
