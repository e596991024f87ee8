import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { record } from './recordings/recording.js';
import { recordings } from './recordings/recordings.js';

const root = join(import.meta.dirname, '../../..');

/** `pnpm docs:record` writes what these tests compare. */
describe.each(recordings)('$page', ({ page, name, ...recording }) => {
  it(`shows what the command says: ${name}`, async () => {
    const path = join(root, page);
    const [begin, end] = [`<!-- recording ${name}: begin -->`, `<!-- recording ${name}: end -->`];
    const text = readFileSync(path, 'utf8');
    const [before, after] = [text.split(begin)[0], text.split(end)[1]];
    if (after === undefined) throw new Error(`${page} has no "${begin}" … "${end}".`);
    const said = await record({ page, name, ...recording });
    await expect(`${before}${begin}\n\n\`\`\`text\n${said}\n\`\`\`\n\n${end}${after}`).toMatchFileSnapshot(path);
  });
});

it('the docs have no terminal that nobody has recorded', () => {
  const pages = readdirSync(join(root, 'docs')).filter((page) => page.endsWith('.md'));
  const shown = pages.flatMap((page) => {
    const typed = readFileSync(join(root, 'docs', page), 'utf8').matchAll(/^\$ (npx tenancy .*)$/gm);
    return [...typed].map(([, line]) => `docs/${page}: ${line}`);
  });
  const recorded = recordings.flatMap(({ page, lines }) => lines.map((line) => `${page}: ${line}`));
  expect(shown.filter((line) => !recorded.includes(line))).toEqual([]);
});
