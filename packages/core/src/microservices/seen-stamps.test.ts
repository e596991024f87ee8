import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import { SeenStamps } from './seen-stamps.js';

it('a handler knows each of the last 50,000 stamps again, and takes every one that is new', () => {
  const seen = new SeenStamps(3_600);
  const made = Array.from({ length: 120_000 }, () => randomUUID());
  const refused = made.filter((each) => !seen.isNew(each));
  expect(refused).toEqual([]);
  const forgotten = made.slice(-50_000).filter((each) => seen.isNew(each));
  expect(forgotten).toEqual([]);
});
