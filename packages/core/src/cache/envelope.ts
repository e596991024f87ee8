import { Logger } from '@nestjs/common';

/** A value as a store keeps it, with its owner beside it. */
interface Envelope {
  readonly tenancy: string;
  readonly value: unknown;
}

/**
 * `value`, as it is stored for `owner`. What no store keeps stays as it is, so that cache-manager says the same of it as ever:
 * `undefined` is missing, and a symbol is refused.
 */
export const sealed = (owner: string, value: unknown): unknown =>
  value === undefined || typeof value === 'symbol' ? value : ({ tenancy: owner, value } satisfies Envelope);

/** True for what was stored for nobody, or for somebody else than `owner`. */
export const isForeign = (owner: string, stored: unknown): boolean =>
  stored !== undefined && (stored as Envelope | null)?.tenancy !== owner;

/** The value of what was stored. Ask {@link isForeign} first. */
export const opened = (stored: unknown): unknown => (stored as Envelope | undefined)?.value;

/** K4: the value that is stored for `owner`, or `undefined` and a line in the log where it is another's. */
export function openedFor(owner: string, stored: unknown): unknown {
  if (!isForeign(owner, stored)) return opened(stored);
  logForeign();
  return undefined;
}

/** Says neither whose entry it is, nor its key. */
export function logForeign(): void {
  logger.error(
    "an entry of the cache is not its reader's, and is treated as missing. Something else writes to this store under keys that " +
      'begin with "tenancy/": give the two different namespaces.',
  );
}

const logger = new Logger('TenantCache');
