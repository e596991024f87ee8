import { createRequire } from 'node:module';
import { type Browser, chromium as engine, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { demoId } from '../src/admin/demo-companies.js';
import { chromium, chromiumMissing } from './support/chromium.js';
import { acme, type Company, globex, TestPlatform } from './support/platform.js';

const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const SIZES = [
  { width: 1280, height: 800 },
  { width: 390, height: 844 },
];

describe.skipIf(chromiumMissing)(`a person at a browser${chromiumMissing ? ` (${chromiumMissing})` : ''}`, () => {
  let platform: TestPlatform;
  let browser: Browser;
  beforeAll(async () => {
    [platform, browser] = await Promise.all([TestPlatform.start(), engine.launch(chromium)]);
  });
  afterAll(async () => {
    await browser?.close();
    await platform?.stop();
  });

  const address = (slug: string, path = '/') => `http://${slug}.localhost:${platform.port}${path}`;
  /** Somebody else's browser: with cookies of its own, and in which whatever goes wrong with a script fails the test. */
  async function newPage(options: Parameters<Browser['newContext']>[0] = {}): Promise<Page> {
    const page = await (await browser.newContext(options)).newPage();
    page.setDefaultTimeout(60_000);
    page.on('pageerror', (error) => expect.fail(`a script failed: ${error.message}`));
    return page;
  }
  async function signIn(page: Page, slug: string, { email, password }: { email: string; password: string }) {
    await page.goto(address(slug, '/sign-in'));
    await page.getByLabel('E-mail').fill(email);
    await page.getByLabel('Password').fill(password);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.waitForURL(address(slug, '/desk'));
  }
  const recruiterAt = async (company: Company, options?: Parameters<Browser['newContext']>[0]) => {
    const page = await newPage(options);
    await signIn(page, company.slug, company.recruiters[0]);
    return page;
  };

  it('signs up, signs in at the own address, and publishes a job', async () => {
    const page = await newPage();
    await page.goto(`http://localhost:${platform.port}/`);
    await page.getByLabel('Name', { exact: true }).fill('Initech');
    await page.getByLabel('Address').fill('initech');
    await page.getByLabel('Colour').selectOption('amber');
    await page.getByLabel('Your e-mail').fill('bill@initech.example');
    await page.getByLabel('Password').fill('bill runs initech');
    await page.getByRole('button', { name: 'Make the company' }).click();
    await page.getByRole('link', { name: /Sign in at initech/ }).click();
    await signIn(page, 'initech', { email: 'bill@initech.example', password: 'bill runs initech' });
    await page.getByRole('link', { name: 'Jobs' }).click();
    await page.getByLabel('Title').fill('Stapler keeper');
    await page.getByLabel('Location').fill('Basement');
    await page.getByRole('button', { name: 'Publish' }).click();
    await page.getByRole('heading', { name: 'Stapler keeper', level: 1 }).waitFor();
    await page.goto(address('initech', '/careers'));
    expect(await page.textContent('main')).toContain('Stapler keeper');
    for (const { slug } of [acme, globex]) {
      await page.goto(address(slug, '/careers'));
      expect(await page.textContent('main')).not.toContain('Stapler keeper');
    }
    await page.context().close();
  });

  it('sees two companies that look different, and takes the sign-in of one to the other for nothing', async () => {
    const page = await recruiterAt(acme);
    const look = async () => [
      await page.textContent('.brand'),
      await page.evaluate<string>("getComputedStyle(document.querySelector('.top')).backgroundColor"),
    ];
    const first = await look();
    await page.goto(address(globex.slug, '/desk'));
    expect(page.url()).toBe(address(globex.slug, '/sign-in'));
    const second = await look();
    expect([first[0], second[0]]).toEqual([`A${acme.name}`, `G${globex.name}`]);
    expect(first[1]).not.toBe(second[1]);
    await page.context().close();
  });

  it('sees an application appear on a page that was open before, and nobody of the other company does', async () => {
    const [watching, acting, stranger] = await Promise.all([recruiterAt(acme), recruiterAt(acme), recruiterAt(globex)]);
    const path = `/desk/jobs/${demoId(acme, 'job', 1)}`;
    await watching.goto(address(acme.slug, path));
    await stranger.goto(address(globex.slug, `/desk/jobs/${demoId(globex, 'job', 1)}`));
    for (const page of [watching, stranger]) await page.waitForSelector('#live[data-state=watching]');
    const before = await stranger.textContent('main');
    await acting.goto(address(acme.slug, path));
    await acting.getByLabel('Candidate').selectOption({ label: acme.candidates[0].name });
    await acting.getByRole('button', { name: 'Apply' }).click();
    await watching.getByText(`New: ${acme.candidates[0].name} has applied.`).waitFor();
    await watching.getByRole('link', { name: acme.candidates[0].name }).waitFor();
    expect(await stranger.textContent('main')).toBe(before);
    for (const page of [watching, acting, stranger]) await page.context().close();
  });

  it('clicks through the attack console, and sees everything refused', async () => {
    for (const company of [acme, globex]) {
      const page = await recruiterAt(company);
      await page.goto(address(company.slug, '/attacks'));
      const buttons = page.getByRole('button', { name: /^Try it/ });
      const count = await buttons.count();
      expect(count).toBe(6);
      for (let at = 0; at < count; at++) {
        await buttons.nth(at).click();
        await page.waitForURL('**/attacks/*');
        await page.waitForSelector('[data-verdict]');
        expect(await page.getAttribute('[data-verdict]', 'data-verdict')).toBe('REFUSED');
        await page.goto(address(company.slug, '/attacks'));
      }
      await page.context().close();
    }
  });

  it.each(SIZES.flatMap((viewport) => (['light', 'dark'] as const).map((colorScheme) => ({ viewport, colorScheme }))))(
    'can use every page, says axe, and scrolls no page sideways: $viewport.width px, $colorScheme',
    async (look) => {
      const page = await recruiterAt(acme, { ...look, bypassCSP: true });
      const jobs = address(acme.slug, '/desk/jobs');
      const paths = [
        'careers',
        'sign-in',
        'desk',
        'desk/jobs',
        'desk/candidates',
        'desk/invoices',
        'desk/activity',
        'attacks',
        'isolation',
        'nowhere',
      ];
      const addresses = [
        `http://localhost:${platform.port}/`,
        address('nobody', '/careers'),
        ...paths.map((path) => address(acme.slug, `/${path}`)),
        `${jobs}/${demoId(acme, 'job', 0)}`,
        address(acme.slug, `/desk/applications/${demoId(acme, 'application', 0)}`),
        address(globex.slug, '/careers'),
      ];
      for (const each of addresses) {
        await page.goto(each);
        await expectUsable(page, each);
      }
      await page.goto(address(acme.slug, '/attacks'));
      await page.getByRole('button', { name: /Raw SQL/ }).click();
      await page.waitForSelector('[data-verdict]');
      await expectUsable(page, 'an attempt');
      await page.context().close();
    },
  );
});

async function expectUsable(page: Page, name: string): Promise<void> {
  await page.addScriptTag({ path: AXE });
  const found = await page.evaluate(`axe.run().then(({ violations }) => ({
    violations: violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)]),
    isWide: document.documentElement.scrollWidth > document.documentElement.clientWidth,
  }))`);
  expect([name, found]).toEqual([name, { violations: [], isWide: false }]);
}
