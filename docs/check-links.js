// After a build: every link of every page leads to a file of the site, and to a heading that is there. VitePress looks for pages alone.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';

const site = new URL('.vitepress/dist/', import.meta.url).pathname;
const base = process.env.DOCS_BASE ?? '/';

const pages = readdirSync(site, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name.endsWith('.html'))
  .map((entry) => join(entry.parentPath, entry.name));
const text = new Map(pages.map((page) => [page, readFileSync(page, 'utf8')]));
const ids = new Map();

const idsOf = (page) => {
  if (!ids.has(page)) ids.set(page, new Set([...text.get(page).matchAll(/ id="([^"]*)"/g)].map(([, id]) => id)));
  return ids.get(page);
};

let followed = 0;
const wrong = [];
for (const [page, html] of text) {
  const own = `http://site${base}${relative(site, page)}`;
  for (const [, tag, attribute, href] of html.matchAll(/<(\w+)\s[^>]*?\b(href|src)="([^"]*)"/g)) {
    const url = new URL(href.replaceAll('&amp;', '&'), own);
    const fail = (why) => wrong.push(`${relative(site, page)}: ${href} ${why}`);
    // A small picture stands in the page itself.
    if (url.protocol === 'data:') continue;
    if (url.host !== 'site') {
      // A reader may follow a link elsewhere; the page itself loads nothing from there.
      if (tag !== 'a') fail('is loaded from elsewhere');
      continue;
    }
    followed += 1;
    if (!url.pathname.startsWith(base)) {
      fail('leads out of the site');
      continue;
    }
    const path = join(site, decodeURIComponent(url.pathname.slice(base.length)));
    const file = existsSync(path) && statSync(path).isDirectory() ? join(path, 'index.html') : path;
    if (!existsSync(file)) fail(`(${attribute}) leads to no file`);
    else if (url.hash && text.has(file) && !idsOf(file).has(decodeURIComponent(url.hash.slice(1))))
      fail('leads to no heading');
  }
}

console.log(`${followed} links of ${pages.length} pages followed, ${wrong.length} broken.`);
for (const line of wrong) console.error(line);
if (wrong.length > 0 || followed < 1_000) process.exit(1);
