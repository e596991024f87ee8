/** One row of RESULTS.md, as it was recorded. */
export interface RecordedRow {
  readonly case: string;
  readonly against: string;
  readonly metric: string;
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** The rows of one benchmark, between its two marks. */
export function recordedRows(results: string, benchmark: string): readonly RecordedRow[] {
  const [, section] =
    new RegExp(`<!-- ${benchmark}: begin -->([\\s\\S]*?)<!-- ${benchmark}: end -->`).exec(results) ?? [];
  if (section === undefined) throw new Error(`RESULTS.md has no ${benchmark}.`);
  return section
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .slice(2)
    .map((line) =>
      line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim()),
    )
    .map(([name = '', against = '', metric = '', median = '', range = '']) => {
      const [min = '', max = ''] = range.split(' – ');
      return {
        case: name,
        against,
        metric,
        median: Number(median.replaceAll('*', '')),
        min: Number(min),
        max: Number(max),
      };
    });
}
