import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { filesOf, root } from './repository.ts';

/** Words that were given up, and what is said now. One comes here when its last use is gone, and does not come back. */
const GONE: readonly (readonly [RegExp, string])[] = [
  [/\bAsker\b/, 'the captured tenant'],
  [/\btoday['’]s tenant\b/i, 'the current tenant'],
];

const ours = filesOf(/\.(ts|mjs|md)$/).filter((file) => !file.endsWith('docs/terms.test.ts'));

it.each(GONE)('%s is not said any more: %s', (word) => {
  expect(ours.length).toBeGreaterThan(500);
  expect(ours.filter((file) => word.test(readFileSync(join(root, file), 'utf8')))).toEqual([]);
});

/** To be renamed: the list only gets shorter. */
const NAMED_BY_CODE: readonly string[] = [
  'c2',
  'c6-contexts',
  'c7-cut',
  'c7-out-of-step',
  'c7-release',
  'f1-hostile',
  'f1-session',
  'f11-type-parsers',
  'f2-forged-binding',
  'f9-kept-connection',
].map((name) => `packages/postgres/test/pool/${name}.test.ts`);

it('tests are named by what they show, not by the code of a trap', () => {
  const named = filesOf(/\/[a-z]\d+(-[^/]*)?\.test\.ts$/);
  expect(named.filter((file) => !NAMED_BY_CODE.includes(file))).toEqual([]);
});

/** Packages that have been gone through. The others follow: the lists only get longer. */
const COMMENTS = ['core', 'testing'];
const APOSTROPHES = ['core'];

const linesOf = (name: string, wrong: RegExp): readonly string[] => {
  const sources = ours.filter((file) => file.startsWith(`packages/${name}/src/`) && file.endsWith('.ts'));
  expect(sources.length).toBeGreaterThan(50);
  return sources.flatMap((file) =>
    (readFileSync(join(root, file), 'utf8').match(wrong) ?? []).map((line) => `${file}: ${line.trim()}`),
  );
};

it.each(COMMENTS)('comments of %s begin with a noun or a verb', (name) => {
  expect(linesOf(name, /\/\*\*\s*(?:\*\s*)?(?:What|Whether|Where|Which|When|Who|Whose)\b.*/g)).toEqual([]);
});

it.each(APOSTROPHES)('apostrophes of %s are straight, so that a search finds them', (name) => {
  expect(linesOf(name, /.*’.*/g)).toEqual([]);
});
