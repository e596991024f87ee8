import { describe, expect, it } from 'vitest';
import { RecentlyUsed } from './recently-used.js';

const filled = (max: number, count: number) => {
  const used = new RecentlyUsed<string>(max);
  for (let n = 0; n < count; n += 1) used.set(`key-${n}`, `value-${n}`);
  return used;
};

describe('RecentlyUsed', () => {
  it('keeps the last `max` for certain, and twice as many at most', () => {
    for (const count of [1, 10, 11, 20, 21, 25, 1_000]) {
      // To look is to use, so each look is at a map of its own.
      const kept = Array.from({ length: count }, (_, n) => filled(10, count).get(`key-${n}`) !== undefined);
      expect(kept.slice(-10).every(Boolean)).toBe(true);
      expect(kept.filter(Boolean).length).toBeLessThanOrEqual(20);
    }
  });

  it('keeps what comes again, whatever else comes', () => {
    const used = filled(10, 1);
    for (let n = 1; n < 1_000; n += 1) {
      used.set(`key-${n}`, `value-${n}`);
      if (n % 5 === 0) expect(used.get('key-0')).toBe('value-0');
    }
  });

  it('answers with what was set last, and with nothing once it was deleted', () => {
    const used = filled(2, 3);
    expect(used.get('key-0')).toBe('value-0');
    used.set('key-0', 'new');
    used.set('key-9', 'value-9');
    expect(used.get('key-0')).toBe('new');
    used.delete('key-0');
    expect(used.get('key-0')).toBeUndefined();
    used.forget((value) => value === 'value-9');
    expect(used.get('key-9')).toBeUndefined();
  });
});
