// After a build: axe finds nothing on the kinds of pages that the site has, nor in its search, on a desk and on a phone, light and dark; and no
// page is wider than the screen. Chromium is a package of the system; where there is none, that is said.
import { existsSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { extname, join } from 'node:path';
import { chromium } from 'playwright-core';

const executablePath = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium';
if (!existsSync(executablePath)) {
  console.log(
    `Accessibility was not looked at: no Chromium at ${executablePath} (apt-get install -y chromium, or CHROMIUM_PATH).`,
  );
  process.exit(0);
}

const site = new URL('.vitepress/dist/', import.meta.url).pathname;
const base = process.env.DOCS_BASE ?? '/';
const TYPES = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
};
const server = createServer((request, response) => {
  const path = decodeURIComponent(new URL(request.url, 'http://site').pathname).slice(base.length);
  const found = [path, `${path}index.html`, `${path}.html`]
    .map((name) => join(site, name))
    .find((file) => existsSync(file) && statSync(file).isFile());
  const file = found ?? join(site, '404.html');
  response.writeHead(found ? 200 : 404, { 'content-type': TYPES[extname(file)] ?? 'application/octet-stream' });
  response.end(readFileSync(file));
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const address = `http://127.0.0.1:${server.address().port}${base}`;

const PAGES = [
  '',
  'guide.html',
  'errors.html',
  'benchmarks.html',
  'comparison.html',
  'reference/',
  'changelog.html',
  'no-such-page',
];
const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const ARGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
const browser = await chromium.launch({ executablePath, args: ARGS });
const wrong = [];
let looked = 0;

async function look(page, what) {
  await page.addScriptTag({ path: axe });
  const { found, wide } = await page.evaluate(async () => ({
    found: (await axe.run()).violations.map(
      ({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(' | ')}`,
    ),
    wide: document.documentElement.scrollWidth > document.documentElement.clientWidth,
  }));
  looked += 1;
  wrong.push(...found.map((line) => `${what}: ${line}`), ...(wide ? [`${what}: is wider than the screen`] : []));
}

for (const [width, height] of [
  [1280, 800],
  [390, 844],
]) {
  for (const colorScheme of ['light', 'dark']) {
    const page = await browser.newPage({ viewport: { width, height }, colorScheme });
    for (const path of PAGES) {
      await page.goto(`${address}${path}`, { waitUntil: 'networkidle' });
      await look(page, `/${path} at ${width} px, ${colorScheme}`);
    }
    await page.goto(`${address}guide.html`, { waitUntil: 'networkidle' });
    await page.keyboard.press('Control+k');
    await page.getByRole('searchbox').fill('tenant_mismatch');
    await page.locator('.VPLocalSearchBox .result').first().waitFor();
    await look(page, `the search at ${width} px, ${colorScheme}`);
    await page.keyboard.press('Enter');
    await page.waitForURL(/errors/);
    await page.close();
  }
}
await browser.close();
server.close();

console.log(`axe looked at ${looked} pages, ${wrong.length} violations.`);
for (const line of wrong) console.error(line);
if (wrong.length > 0) process.exit(1);
