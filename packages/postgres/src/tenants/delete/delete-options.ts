import { misconfigured } from '../../errors/misconfigured.js';
import { refuseUnknown } from '../../errors/refuse-unknown.js';
import { requireName, requireOptions, said } from '../../errors/require-arguments.js';
import type { DirectoryTenant } from '../directory/directory-tenant.js';
import type { TenantDirectory } from '../directory/tenant-directory.js';
import type { TenantPlaces } from '../places/tenant-places.js';

/** Something else that holds data of a tenant: a cache, files, a queue, another service. */
export interface TenantRemover {
  /** The name in the certificate. */
  readonly name: string;
  /**
   * Removes everything of the tenant, also when there is nothing any more: it may be called again.
   *
   * @returns how much there was, where it is a number
   */
  readonly remove: (tenant: DirectoryTenant<unknown>) => Promise<unknown>;
  /**
   * Counts what is left of the tenant.
   * @defaultValue none: `remove` is believed
   */
  readonly left?: (tenant: DirectoryTenant<unknown>) => Promise<number>;
}

/** The step that a deletion is at: letting nobody in, removing what is in the database, then elsewhere, looking for what is left. */
export type DeletionStep = 'closing' | 'data' | 'also' | 'scan';

/** An event of a deletion. */
export type DeletionProgress =
  | { readonly type: 'step'; readonly step: DeletionStep }
  | { readonly type: 'rows'; readonly table: string; readonly rows: number; readonly of: number };

/** Options of {@link deleteTenant}. */
export interface DeleteTenantOptions {
  /** The directory, which knows where the tenant is. */
  readonly directory: TenantDirectory<unknown>;
  /** The servers, each by a role that owns the tables and sees every row. */
  readonly places: TenantPlaces;
  /** The tenant's id. */
  readonly tenant: string;
  /**
   * Other things that hold data of the tenant, in the order in which it is removed.
   * @defaultValue `[]`
   */
  readonly also?: readonly TenantRemover[];
  /**
   * Tables that may keep something of the tenant, as `schema.name`, each with the reason, which the certificate says.
   * @defaultValue `{}`
   */
  readonly keep?: Readonly<Record<string, string>>;
  /**
   * Milliseconds for which the tenant is let in nowhere before anything is removed. Where a process does not hear of changes, pass the `ttl` of
   * its cache of tenants.
   * @defaultValue `2000`
   */
  readonly settleMillis?: number;
  /**
   * Milliseconds of one try to get a lock on a table, for which its writers may wait.
   * @defaultValue `100`
   */
  readonly lockTimeoutMillis?: number;
  /**
   * Milliseconds of all tries, and for which open transactions of the tenant are waited for.
   * @defaultValue `60000`
   */
  readonly lockPatienceMillis?: number;
  /**
   * Ends it between two batches; the next call goes on.
   * @defaultValue none
   */
  readonly signal?: AbortSignal;
  /**
   * Told of each step and each batch.
   * @defaultValue none
   */
  readonly onProgress?: (progress: DeletionProgress) => void;
}

const KNOWN = [
  ...['directory', 'places', 'tenant', 'also', 'keep', 'settleMillis', 'lockTimeoutMillis', 'lockPatienceMillis'],
  ...['signal', 'onProgress'],
];

/** @throws TenantFloorError `floor_misconfigured` when an option is wrong. */
export function resolveDeleteOptions(options: DeleteTenantOptions) {
  const at = 'deleteTenant';
  requireOptions(at, options, 'directory');
  refuseUnknown(at, options, KNOWN);
  const { directory, places, tenant, also = [], keep = {}, settleMillis = 2_000, ...rest } = options;
  const { lockTimeoutMillis = 100, lockPatienceMillis = 60_000, signal, onProgress = () => {} } = rest;
  for (const [option, value, method] of [
    ['directory', directory, 'get'],
    ['places', places, 'connectionTo'],
  ] as const) {
    if (typeof (value as unknown as Record<string, unknown> | undefined)?.[method] === 'function') continue;
    throw misconfigured(
      `${at}: the option \`${option}\` is ${said(value)}. Pass a ${option === 'places' ? '`tenantPlaces({ … })`' : '`TenantDirectory`'}.`,
    );
  }
  requireName(at, 'tenant', tenant);
  if (
    !Array.isArray(also) ||
    !also.every((entry) => typeof entry?.remove === 'function' && typeof entry.name === 'string')
  ) {
    throw misconfigured(
      `${at}: the option \`also\` is no list of removers. Pass objects with \`name\` and \`remove\`.`,
    );
  }
  requireOptions(`${at}: keep`, keep);
  for (const [table, reason] of Object.entries(keep)) requireName(at, `keep[${JSON.stringify(table)}]`, reason);
  for (const [name, value] of Object.entries({ settleMillis, lockTimeoutMillis, lockPatienceMillis })) {
    if (Number.isSafeInteger(value) && value >= 0) continue;
    throw misconfigured(`${at}: the option \`${name}\` is ${said(value)}. Use a whole number of milliseconds.`);
  }
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw misconfigured(`${at}: the option \`signal\` is ${said(signal)}. Pass the signal of an AbortController.`);
  }
  if (typeof onProgress !== 'function') {
    throw misconfigured(`${at}: the option \`onProgress\` is ${said(onProgress)}. Pass a function.`);
  }
  const patience = { lockTimeoutMillis, lockPatienceMillis, signal };
  return { directory, places, tenant, also, keep, settleMillis, patience, onProgress };
}

export type DeleteSettings = ReturnType<typeof resolveDeleteOptions>;
