import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, extname, join } from 'node:path';

const TEXTS = /\.(?:[cm]?[jt]s|json|prisma|sql|ya?ml)$|(?:^|\/)Dockerfile$/;
const PICTURES: readonly string[] = ['.svg', '.png'];

/** True for a file that a page may link to. */
export const isShown = (file: string): boolean => TEXTS.test(file) || PICTURES.includes(extname(file));

/** The path on the site of a file of the repository that is no page. */
export const sourcePath = (file: string): string => (TEXTS.test(file) ? `source/${file}.html` : file);

/** Writes the files that pages link to: pictures as they are, and code as a page of its own with a link back to the start. */
export function writeSources(root: string, files: Iterable<string>, outDir: string, base: string): void {
  for (const file of files) {
    const target = join(outDir, sourcePath(file));
    mkdirSync(dirname(target), { recursive: true });
    if (TEXTS.test(file)) writeFileSync(target, sourcePage(file, readFileSync(join(root, file), 'utf8'), base));
    else if (isShown(file)) copyFileSync(join(root, file), target);
    else throw new Error(`A page links to ${file}, of a kind that the site does not show.`);
  }
}

// As it stands: hundreds of files would take longer to colour than all pages to build.
const sourcePage = (file: string, code: string, base: string): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${file}</title>
<style>
:root { color-scheme: light dark }
body { margin: 0; font: 14px/1.6 ui-monospace, monospace; background: #fff; color: #222; --link: #2d4595 }
@media (prefers-color-scheme: dark) { body { background: #1b1b1f; color: #ddd; --link: #a8b1ff } }
a { color: var(--link) }
header { padding: 12px 24px; font-family: system-ui, sans-serif }
h1 { display: inline; font-size: 16px; margin-left: 12px; overflow-wrap: anywhere }
pre { margin: 0; padding: 12px 24px; overflow-x: auto; font: inherit }
</style>
</head>
<body>
<header><a href="${base}">@tenancy</a><h1>${file}</h1></header>
<main><pre tabindex="0">${code.replaceAll('&', '&amp;').replaceAll('<', '&lt;')}</pre></main>
</body>
</html>
`;
