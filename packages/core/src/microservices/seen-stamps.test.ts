import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { SeenStamps } from './seen-stamps.js';

const signature = (): string => randomBytes(32).toString('base64url');

describe('seen stamps', () => {
  it('know each of the last 50,000 again, and take every one that is new', () => {
    const seen = new SeenStamps(3_600);
    const made = Array.from({ length: 120_000 }, signature);
    const refused = made.filter((each) => !seen.isNew(each));
    expect(refused).toEqual([]);
    const forgotten = made.slice(-50_000).filter((each) => seen.isNew(each));
    expect(forgotten).toEqual([]);
  });

  it('tell apart what differs in one letter of the beginning', () => {
    const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const one = signature();
    const near = Array.from({ length: 10 }, (_, at) =>
      [...letters].map((letter) => one.slice(0, at) + letter + one.slice(at + 1)),
    ).flat();
    const seen = new SeenStamps(3_600);
    expect(near.filter((each) => seen.isNew(each))).toHaveLength(new Set(near).size);
    expect(near.filter((each) => seen.isNew(each))).toEqual([]);
  });
});
