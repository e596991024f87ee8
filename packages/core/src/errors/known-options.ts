/**
 * The error for the first of `options` that is not `known`: the option, the problem, the fix. Null where all are known, or where
 * `options` is no object. An option that nobody reads is one that somebody relies on.
 *
 * @param place - what takes the options, as an error names it
 * @example
 * ```ts
 * import { TenancyConfigurationError } from '@tenancy/core';
 * import { unknownOption } from '@tenancy/core/adapter';
 *
 * export function checkOptions(options: object) {
 *   const unknown = unknownOption('tenantKysely', options, ['pool', 'context']);
 *   if (unknown) throw new TenancyConfigurationError(...unknown);
 * }
 * ```
 */
export function unknownOption(
  place: string,
  options: unknown,
  known: readonly string[],
): [option: string, problem: string, fix: string] | null {
  if (typeof options !== 'object' || options === null) return null;
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown === undefined) return null;
  const nearest = nearestOf(unknown, known);
  const advice = nearest === undefined ? '' : `Did you mean \`${nearest}\`? `;
  return [`${place}.${unknown}`, 'is unknown', `${advice}Known: ${known.map((name) => `\`${name}\``).join(', ')}.`];
}

/** The one of `known` that `name` is most likely a slip of the pen for, if any. */
export function nearestOf(name: string, known: readonly string[]): string | undefined {
  const near = known
    .map((each) => ({ each, distance: slips(name.toLowerCase(), each.toLowerCase()) }))
    .filter(({ each, distance }) => distance <= Math.max(1, Math.floor(each.length / 3)))
    .sort((a, b) => a.distance - b.distance);
  return near[0]?.each;
}

/**
 * The first of `options` that is nothing but a slip of the pen, and what is meant, where options of other libraries may stand beside
 * the `known` ones: `isolaton` for `isolation`. Undefined where there is none, or where what is meant is given too.
 */
export function slipOf(
  options: unknown,
  known: readonly string[],
): { readonly option: string; readonly meant: string } | undefined {
  if (typeof options !== 'object' || options === null) return undefined;
  for (const option of Object.keys(options)) {
    const meant = known.includes(option) ? undefined : nearestOf(option, known);
    if (meant === undefined || meant in options || slips(option.toLowerCase(), meant.toLowerCase()) > 2) continue;
    return { option, meant };
  }
  return undefined;
}

/** The number of letters that are missing, added, wrong, or swapped with their neighbour (optimal string alignment distance). */
export function slips(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  const at = (i: number, j: number) => rows[i]?.[j] ?? 0;
  for (let i = 1; i <= a.length; i += 1) {
    rows[i] = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const changed = at(i - 1, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? at(i - 2, j - 2) + 1 : changed;
      (rows[i] as number[])[j] = Math.min(at(i - 1, j) + 1, at(i, j - 1) + 1, changed, swapped);
    }
  }
  return at(a.length, b.length);
}
