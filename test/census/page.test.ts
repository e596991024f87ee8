import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { census } from './census.js';
import { page } from './page.js';

const rows = census.flatMap((subject) => subject.rows);

describe('core-10, core-11: the table of what is right by itself, what needs `bind`, what must be made at start', () => {
  it('is the page in the docs', async () => {
    await expect(page).toMatchFileSnapshot(resolve(import.meta.dirname, '../../docs/contexts.md'));
  });

  it('names each row once', () => {
    const names = rows.map(({ what }) => what);
    expect(new Set(names).size).toBe(names.length);
  });

  it('has something that is measured right for whatever is not', () => {
    const right = new Set(rows.filter(({ verdict }) => verdict === 'right').map(({ what }) => what));
    const left = rows.filter(({ verdict, fix }) => verdict !== 'right' && !right.has(String(fix)));
    expect(left.map(({ what }) => what)).toEqual([]);
  });
});
