import { slipOf, unknownOption } from '@tenancy/core/adapter';
import { misconfigured } from './misconfigured.js';

/**
 * An option that nobody reads is one that somebody relies on.
 *
 * @throws `floor_misconfigured`, naming the option and the known one that is nearest.
 */
export function refuseUnknown(place: string, options: object | undefined | null, known: readonly string[]): void {
  const unknown = Object.keys(options ?? {}).find((name) => !known.includes(name));
  const [, problem, fix] = unknownOption(place, options, known) ?? [];
  if (problem === undefined) return;
  throw misconfigured(`${place}: the option \`${unknown}\` ${problem}. ${fix}`);
}

/** As {@link refuseUnknown}, where what is given may have names of its own: only a slip of the pen is refused. */
export function refuseSlip(place: string, options: object | undefined | null, known: readonly string[]): void {
  const slip = slipOf(options, known);
  if (!slip) return;
  throw misconfigured(`${place}: the option \`${slip.option}\` is unknown. Did you mean \`${slip.meant}\`?`);
}
