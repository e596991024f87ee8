import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { filesOf, root } from './repository.ts';

/** Words that were given up, and what is said now. One comes here when its last use is gone, and does not come back. */
const GONE: readonly (readonly [RegExp, string])[] = [
  [/\bAsker\b/, 'the captured tenant'],
  [/corridor/i, 'the store'],
  [/\btellTenant\b/, 'the tenant column is returned'],
  [/\bholdBackUntilScoped\b/, 'it is refused until it is scoped'],
  [/\btoday's tenant\b/i, 'the current tenant'],
];

const ours = filesOf(/\.(ts|mjs|md)$/).filter((file) => !file.endsWith('docs/terms.test.ts'));

it.each(GONE)('%s is not said any more: %s', (word) => {
  expect(ours.length).toBeGreaterThan(500);
  expect(ours.filter((file) => word.test(readFileSync(join(root, file), 'utf8')))).toEqual([]);
});

it('tests are named by what they show, not by the code of a trap', () => {
  expect(filesOf(/\/[a-z]\d+(-[^/]*)?\.test\.ts$/)).toEqual([]);
});

it('comments begin with a noun or a verb', () => {
  const wrong = /\/\*\*\s*(?:\*\s*)?(?:What|Whether|Where|Which|When|Who|Whose)\b.*/g;
  const sources = ours.filter((file) => !file.endsWith('.md'));
  expect(sources.length).toBeGreaterThan(500);
  const found = sources.flatMap((file) =>
    readFileSync(join(root, file), 'utf8')
      .match(wrong)
      ?.map((line) => `${file}: ${line}`),
  );
  expect(found.filter(Boolean)).toEqual([]);
});

it('apostrophes are straight, so that a search finds them', () => {
  expect(ours.filter((file) => readFileSync(join(root, file), 'utf8').includes('\u2019'))).toEqual([]);
});
