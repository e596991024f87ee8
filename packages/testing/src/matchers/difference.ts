const SHOWN = 10;

/** One place where something else was expected. */
export interface Difference {
  readonly path: string;
  readonly expected: string;
  readonly found: string;
}

/** The places, each as a diff: where, what belongs there, what is there. */
export function showDifferences(differences: readonly Difference[]): string {
  const shown = differences
    .slice(0, SHOWN)
    .map(({ path, expected, found }) => `  ${path}\n  - ${oneLine(expected)}\n  + ${oneLine(found)}`);
  const more = differences.length - shown.length;
  return [...shown, ...(more > 0 ? [`  … and ${more} more`] : [])].join('\n\n');
}

const oneLine = (text: string) => text.replaceAll(/\s+/g, ' ');
