import { expect, it } from 'vitest';
import { rowChanges } from './row-changes.js';

const at = new Date(0);

it('says what became of each row', () => {
  const before = {
    job: [
      { id: 1, title: 'a' },
      { id: 2, title: 'b' },
      { id: 3, title: 'c', at },
    ],
    note: [{ id: 9n }],
  };
  const after = {
    job: [
      { id: 3, title: 'c', at: new Date(0) },
      { id: 1, title: 'z' },
      { id: 4, title: 'd' },
    ],
    note: [{ id: 9n }],
  };
  expect(rowChanges(before, after)).toEqual([
    { table: 'job', before: { id: 1, title: 'a' }, after: { id: 1, title: 'z' } },
    { table: 'job', before: { id: 2, title: 'b' }, after: null },
    { table: 'job', before: null, after: { id: 4, title: 'd' } },
  ]);
  expect(rowChanges(before, before)).toEqual([]);
});
