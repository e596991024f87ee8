import { describe, expect, it } from 'vitest';
import { changedPaths, type Measured, measured } from './volatile.js';

const answers = (...bodies: readonly unknown[]) => {
  const all = bodies.map((seen) => measured({ answer: null, seen } as never)) as [
    Measured,
    Measured,
    Measured,
    Measured,
  ];
  return changedPaths([all[0], all[1], all[2]], all[3]);
};

describe("what moved when the other's rows did", () => {
  it('finds a count, a rank, a longer list', () => {
    expect(answers({ n: 3 }, { n: 3 }, { n: 3 }, { n: 4 })).toEqual(['$.n']);
    expect(answers([1], [1], [1], [1, 2])).toEqual(['$.length', '$[1]']);
  });

  it('finds a quota that others use up, and not one that each call does', () => {
    expect(answers({ left: 9 }, { left: 8 }, { left: 7 }, { left: 6 })).toEqual([]);
    expect(answers({ left: 9 }, { left: 8 }, { left: 7 }, { left: 3 })).toEqual(['$.left']);
  });

  it('finds that a list grows by more than each call adds, and not what is in it', () => {
    expect(answers([1], [1, 2], [1, 2, 3], [1, 2, 3, 4])).toEqual([]);
    expect(answers([1], [1, 2], [1, 2, 3], [1, 2, 3, 4, 5, 6])).toEqual(['$.length']);
  });

  it('leaves out what is another each time, and the clock', () => {
    expect(answers({ id: 'a' }, { id: 'b' }, { id: 'c' }, { id: 'd' })).toEqual([]);
    const second = new Date(Date.now() - 1_000).toISOString();
    expect(answers({ at: second }, { at: second }, { at: second }, { at: new Date().toISOString() })).toEqual([]);
    const [old, older] = ['2020-01-01T00:00:00Z', '2019-01-01T00:00:00Z'];
    expect(answers({ at: old }, { at: old }, { at: old }, { at: older })).toEqual(['$.at']);
  });
});
