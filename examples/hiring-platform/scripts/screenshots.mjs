// `pnpm screenshots`: starts the built platform on a database that is thrown away, and takes the pictures that the README shows.
// Another folder than docs/images/ is the first argument; `all` behind it takes a picture of every page.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import 'reflect-metadata';
import { chromium } from 'playwright-core';
import { demoCompanies } from '../dist/admin/demo-companies.js';
import { readSettings } from '../dist/settings/settings.js';
import { startPlatform } from '../dist/start/start.js';

const [folder = join(import.meta.dirname, '../../../docs/images'), which] = process.argv.slice(2);
const DESKTOP = { width: 1280, height: 800 };
const PHONE = { width: 390, height: 844 };
const ARGUMENTS = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'];
const QUIET = ['--disable-background-networking', '--disable-component-update', '--disable-sync'];

const platform = await startPlatform(readSettings({ ...process.env, PORT: process.env.PORT ?? '0' }));
const executablePath = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium';
const browser = await chromium.launch({ executablePath, args: [...ARGUMENTS, ...QUIET] });

async function take(page, name) {
  await page.evaluate(() => document.fonts.ready);
  await page.screenshot({ path: join(folder, `hiring-platform-${name}.png`), fullPage: which === 'all' });
  console.log(`hiring-platform-${name}.png`);
}

async function signedIn(company, viewport, colorScheme = 'light') {
  const context = await browser.newContext({ viewport, colorScheme });
  const page = await context.newPage();
  const at = (path) => page.goto(`http://${company.slug}.localhost:${platform.port}${path}`);
  await at('/sign-in');
  await page.fill('[name=email]', company.recruiters[1].email);
  await page.fill('[name=password]', company.recruiters[1].password);
  await page.click('main button');
  await page.waitForURL('**/desk');
  return { page, at };
}

try {
  await mkdir(folder, { recursive: true });
  for (const company of demoCompanies) {
    for (const [size, viewport] of Object.entries({ desktop: DESKTOP, phone: PHONE })) {
      const { page, at } = await signedIn(company, viewport);
      await at('/desk');
      await take(page, `${company.slug}-${size}`);
    }
  }
  const { page, at } = await signedIn(demoCompanies[0], DESKTOP);
  await at('/attacks');
  await page.click('form[action="/attacks/foreign-token"] button');
  await page.waitForSelector('[data-verdict]');
  await take(page, 'attack-console');
  await at('/isolation');
  // Once `pnpm isolation` has written one.
  if (await page.$('a[href="/isolation/report"]')) await take(page, 'isolation-report');
  if (which === 'all') {
    for (const [size, viewport] of Object.entries({ desktop: DESKTOP, phone: PHONE })) {
      const { page, at } = await signedIn(demoCompanies[0], viewport, size === 'phone' ? 'dark' : 'light');
      for (const path of [
        'careers',
        'sign-in',
        'desk/jobs',
        'desk/candidates',
        'desk/invoices',
        'desk/activity',
        'attacks',
        'nowhere',
      ]) {
        await at(`/${path}`);
        await take(page, `page-${size}-${path.replaceAll('/', '-')}`);
      }
      await at('/desk/jobs');
      await page.click('.rows a');
      await page.waitForSelector('#live[data-state=watching]');
      await take(page, `page-${size}-job`);
      await page.click('.rows a');
      await page.waitForURL('**/applications/**');
      await take(page, `page-${size}-application`);
      await page.goto(`http://localhost:${platform.port}/`);
      await take(page, `page-${size}-front`);
      await page.goto(`http://nobody.localhost:${platform.port}/careers`);
      await take(page, `page-${size}-unknown`);
    }
  }
} finally {
  await browser.close();
  await platform.stop();
}
