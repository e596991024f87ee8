/** How many times what the other costs. */
export interface Ratio {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/**
 * The ratio between two costs, each pair of samples taken right after each other and in alternating order, so that
 * what else the machine does falls on both.
 */
export async function pairedRatio(
  pairs: number,
  sample: () => Promise<number>,
  against: () => Promise<number>,
): Promise<Ratio> {
  const ratios: number[] = [];
  for (let pair = 0; pair < pairs; pair += 1) {
    if (pair % 2 === 0) {
      const cost = await sample();
      ratios.push(cost / (await against()));
    } else {
      const cost = await against();
      ratios.push((await sample()) / cost);
    }
  }
  return ratioOf(ratios);
}

function ratioOf(ratios: readonly number[]): Ratio {
  const sorted = ratios.toSorted((a, b) => a - b);
  const at = (index: number) => round(sorted[index] ?? Number.NaN);
  const middle = (sorted.length - 1) / 2;
  return {
    median: round((at(Math.floor(middle)) + at(Math.ceil(middle))) / 2),
    min: at(0),
    max: at(sorted.length - 1),
  };
}

const round = (ratio: number) => Math.round(ratio * 1000) / 1000;
