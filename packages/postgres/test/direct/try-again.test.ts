import { expect, it } from 'vitest';
import { tryAgain } from '../../src/direct/try-again.js';

const tried = async (signal?: AbortSignal) => {
  const at: number[] = [];
  const error = await tryAgain<never>(
    async () => {
      at.push(performance.now());
      throw new Error('locked');
    },
    {
      isAgain: () => true,
      patience: 1_500,
      pause: { first: 40, longest: 300 },
      signal,
      givenUp: (last, tries) => ({ last, tries }),
    },
  ).catch((reason: { last: Error; tries: number }) => reason);
  return { error, pauses: at.slice(1).map((time, index) => time - (at[index] as number)) };
};

it('O22: between two tries is a pause in which others have their turn, and pauses grow up to a bound', async () => {
  const { error, pauses } = await tried();
  expect(error).toMatchObject({ last: { message: 'locked' }, tries: pauses.length + 1 });
  expect(pauses.length).toBeLessThan(15);
  // They are scattered by a quarter; a busy machine makes them longer.
  expect(pauses[0]).toBeGreaterThan(29);
  expect(pauses[3]).toBeGreaterThan(40 * 1.5 ** 3 * 0.74);
  // The last one ends with the patience.
  expect(Math.max(...pauses.slice(0, -1))).toBeGreaterThan(220);
});

it('O22: a signal ends a pause', async () => {
  const abort = new AbortController();
  const running = tried(abort.signal);
  setTimeout(() => abort.abort(), 100);
  expect((await running).pauses.some((pause) => pause < 20)).toBe(true);
});
