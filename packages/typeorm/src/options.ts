import { missingConnection, slipOf, unknownOption } from '@tenancy/core/adapter';
import { misconfigured } from './errors/misconfigured.js';

/** @throws `scope_misconfigured`, naming the option and the known one that is nearest. */
export function refuseUnknown(place: string, options: object | undefined | null, known: readonly string[]): void {
  const [, problem, fix] = unknownOption(place, options, known) ?? [];
  if (problem === undefined) return;
  const unknown = Object.keys(options ?? {}).find((name) => !known.includes(name));
  throw misconfigured(`${place}: the option \`${unknown}\` ${problem}. ${fix}`);
}

/** As {@link refuseUnknown}, where options of other libraries stand beside these: only a slip of the pen is refused. */
export function refuseSlip(place: string, options: object | undefined | null, known: readonly string[]): void {
  const slip = slipOf(options, known);
  if (slip) throw misconfigured(`${place}: the option \`${slip.option}\` is unknown. Did you mean \`${slip.meant}\`?`);
}

/**
 * @param options - of a data source
 * @throws `scope_misconfigured` where its `url` is missing, and nothing else says where the database is.
 */
export function requireConnection(place: string, options: unknown): void {
  const { type, extra, replication, ...rest } = (options ?? {}) as { [option: string]: unknown };
  // With `replication` each of several says it for itself.
  if (type !== 'postgres' || replication) return;
  const { connectionString, ...more } = (extra ?? {}) as { [option: string]: unknown };
  const missing = connectionString ? null : missingConnection({ ...rest, ...more }, 'url');
  if (missing !== null) throw misconfigured(`${place}: ${missing}`);
}
