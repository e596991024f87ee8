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

/** Packages whose comments have been gone through. The others follow: the list only gets longer. */
const READ = ['core'];

it.each(READ)('comments of %s begin with a noun or a verb, and its apostrophes are straight', (name) => {
  const sources = ours.filter((file) => file.startsWith(`packages/${name}/src/`) && file.endsWith('.ts'));
  expect(sources.length).toBeGreaterThan(50);
  const problems = sources.flatMap((file) => {
    const text = readFileSync(join(root, file), 'utf8');
    const comments = text.match(/\/\*\*\s*(?:\*\s*)?(?:What|Whether|Where|Which|When|Who|Whose)\b.*/g) ?? [];
    return [...comments, ...(text.match(/.*’.*/g) ?? [])].map((line) => `${file}: ${line.trim()}`);
  });
  expect(problems).toEqual([]);
});
