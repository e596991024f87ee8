import { TenantFloorError } from './tenant-floor-error.js';

/**
 * An option that nobody reads is one that somebody relies on.
 *
 * @throws `floor_misconfigured`, naming the option and the known one that is nearest.
 */
export function refuseUnknown(place: string, options: object | undefined | null, known: readonly string[]): void {
  const unknown = Object.keys(options ?? {}).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  const nearest = nearestOf(unknown, known);
  const advice = nearest === undefined ? '' : `Did you mean \`${nearest}\`? `;
  throw new TenantFloorError(
    'floor_misconfigured',
    `${place}: the option \`${unknown}\` is unknown. ${advice}Known: ${known.map((name) => `\`${name}\``).join(', ')}.`,
  );
}

/** @throws `floor_misconfigured` where PostgreSQL would take `setting` for one of its own, or for none. */
export function requireCustomSetting(place: string, setting: unknown): void {
  if (typeof setting === 'string' && /^[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)+$/.test(setting)) return;
  throw new TenantFloorError(
    'floor_misconfigured',
    `${place}: the option \`setting\` is ${JSON.stringify(setting)}, which is not a name that PostgreSQL leaves to applications. ` +
      'Use two lower-case words with a dot between them, as in `app.tenant_id`.',
  );
}

/** The one of `known` that `name` is most likely a slip of the pen for, if any. */
export function nearestOf(name: string, known: readonly string[]): string | undefined {
  const near = known
    .map((each) => ({ each, distance: slips(name.toLowerCase(), each.toLowerCase()) }))
    .filter(({ each, distance }) => distance <= Math.max(1, Math.floor(each.length / 3)))
    .sort((a, b) => a.distance - b.distance);
  return near[0]?.each;
}

/** How many letters are missing, added, wrong, or swapped with their neighbour (optimal string alignment distance). */
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
