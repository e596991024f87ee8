/** How many times what the other costs. */
export interface Ratio {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/**
 * Samples of two sides, each pair taken right after each other and in alternating order, so that what else the machine
 * does falls on both.
 */
export async function inPairs<S>(
  pairs: number,
  sample: () => Promise<S>,
  against: () => Promise<S>,
): Promise<(readonly [S, S])[]> {
  const taken: (readonly [S, S])[] = [];
  for (let pair = 0; pair < pairs; pair += 1) {
    if (pair % 2 === 0) {
      const first = await sample();
      taken.push([first, await against()]);
    } else {
      const first = await against();
      taken.push([await sample(), first]);
    }
  }
  return taken;
}

/** The ratios between two costs, sampled in pairs. */
export async function pairedRatios(
  pairs: number,
  sample: () => Promise<number>,
  against: () => Promise<number>,
): Promise<number[]> {
  return (await inPairs(pairs, sample, against)).map(([cost, other]) => cost / other);
}

export function summary(ratios: readonly number[]): Ratio {
  const sorted = ratios.toSorted((a, b) => a - b);
  const at = (index: number) => sorted[index] ?? Number.NaN;
  const middle = (sorted.length - 1) / 2;
  const median = (at(Math.floor(middle)) + at(Math.ceil(middle))) / 2;
  return { median: round(median), min: round(at(0)), max: round(at(sorted.length - 1)) };
}

const round = (ratio: number) => Math.round(ratio * 1000) / 1000;
