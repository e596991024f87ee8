import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { filesOf, root } from './repository.ts';

/** Letters of traps, and packages whose findings are numbered. What only looks like one: `typeorm-0.3`, `%C3%AB`. */
const CODE = /(?<![%\w.-])(?:[BCFGKMNOPQSTX][1-9]\d?|(?:core|postgres|prisma|typeorm|testing)-[1-9]\d?)(?![\w-])/g;

const read = (file: string) => readFileSync(join(root, file), 'utf8');
const codesIn = (file: string): ReadonlySet<string> => new Set(read(file).match(CODE));

const cited = new Map(
  filesOf(/\.(ts|mjs|md)$/)
    .filter((file) => !/\bdocs\/traps\.(test\.ts|md)$/.test(file))
    .map((file) => [file, codesIn(file)]),
);

/** Rows of the page: a code, what happens, what holds it, and which tests show that. */
const rows = read('docs/traps.md')
  .split('\n')
  .filter((line) => /^\| [\w-]*\d/.test(line))
  .map((line) => line.split(' | ').map((cell) => cell.replace(/^\|/, '').trim()))
  .map(([name = '', , holds = '', shows = '']) => ({ name, holds: targets(holds), shows: targets(shows) }));

function targets(cell: string): readonly string[] {
  return [...cell.matchAll(/\]\(([^)]+)\)/g)].map(([, link = '']) => join('docs', link));
}

it('every code that source, tests or pages cite has one row, and every row is about a code that they cite', () => {
  const codes = [...new Set([...cited.values()].flatMap((found) => [...found]))];
  expect(codes.length).toBeGreaterThan(100);
  expect(rows.map(({ name }) => name).toSorted()).toEqual(codes.toSorted());
});

it.each(rows)('$name leads to what holds it, and to tests that name it', ({ name, holds, shows }) => {
  const all = filesOf();
  const gone = [...holds, ...shows].filter((file) => !all.includes(file));
  // Of one that was moved, where there is another of its name now.
  expect(gone.map((file) => [file, all.filter((other) => other.endsWith(file.slice(file.lastIndexOf('/'))))])).toEqual(
    [],
  );
  expect(holds.length * shows.length).toBeGreaterThan(0);
  expect(shows.filter((file) => !file.endsWith('.test.ts') || !cited.get(file)?.has(name))).toEqual([]);
});
