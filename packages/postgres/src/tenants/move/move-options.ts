import { misconfigured } from '../../errors/misconfigured.js';
import { refuseUnknown } from '../../errors/refuse-unknown.js';
import { requireName, requireOptions, said } from '../../errors/require-arguments.js';
import type { PlaceKind, TenantPlace } from '../../isolation/tenant-place.js';
import type { TenantDirectory } from '../directory/tenant-directory.js';
import type { TenantPlaces } from '../places/tenant-places.js';

/** Options of `finishMove` and `abandonMove`, and those of `moveTenant` that say who is meant. */
export interface MovedTenantOptions {
  /** The directory that says where the tenant is. */
  readonly directory: TenantDirectory<unknown>;
  /** The servers, by `tenantPlaces`. */
  readonly places: TenantPlaces;
  /** The tenant's id. */
  readonly tenant: string;
  /**
   * Ends it when the step under way is done.
   * @defaultValue none
   */
  readonly signal?: AbortSignal;
}

/** Options of `moveTenant`. */
export interface MoveTenantOptions extends MovedTenantOptions {
  /** The server and the kind of the place that it is moved to. */
  readonly to: { readonly server: string; readonly kind: PlaceKind };
  /**
   * Milliseconds for which the tenant's writes are refused at once, at the most. A transaction that is open for longer makes the move wait.
   * @defaultValue `2_000`
   */
  readonly longestStopMillis?: number;
  /**
   * True to be told which rows there are, once all has been looked at that would refuse the move, and nothing is done.
   * @defaultValue `false`
   */
  readonly dryRun?: boolean;
  /**
   * Told of each step, and of rows as they are copied.
   * @defaultValue nobody is told
   */
  readonly onProgress?: (progress: MoveProgress) => void;
}

/** A step of a move that begins, or a table that is copied. */
export interface MoveProgress {
  /**
   * - `make`: the new place is made; `copy`: all rows are copied; `catch-up`: those are that were written meanwhile.
   * - `check`: both sides are counted and hashed, while writers go on; `stop`: writes are refused; `settle`: the tenant is in its new place, and
   *   the last statements at the old one end.
   */
  readonly step: 'make' | 'copy' | 'catch-up' | 'check' | 'stop' | 'settle';
  /** The table that was copied, of `copy`. */
  readonly table?: string;
  /** Its rows, or the keys that were written, of `catch-up`. */
  readonly rows?: number;
}

/** The outcome of `moveTenant`. */
export interface MoveResult {
  readonly from: TenantPlace;
  readonly to: TenantPlace;
  /** Rows that the first copy had; of a dry run, those that there are. */
  readonly rows: number;
  readonly tables: readonly { readonly name: string; readonly rows: number }[];
  /** Milliseconds of the longest time for which the tenant's writes were refused. */
  readonly stopMillis: number;
  /** Rounds in which rows were copied that were written meanwhile, the last one during the stop. */
  readonly rounds: number;
}

export type MoveSettings = Omit<MoveTenantOptions, 'longestStopMillis' | 'dryRun' | 'signal' | 'onProgress'> & {
  readonly dryRun: boolean;
  readonly longestStopMillis: number;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: (progress: MoveProgress) => void;
};

const WHO = ['directory', 'places', 'tenant', 'signal'];
const KINDS: readonly unknown[] = ['rows', 'schema', 'database'];
const LONGEST = 2 ** 31 - 1;

/** @throws TenantFloorError `floor_misconfigured` when an option is wrong. */
export function resolveMoveOptions(options: MoveTenantOptions): MoveSettings {
  requireOptions('moveTenant', options, 'directory');
  refuseUnknown('moveTenant', options, [...WHO, 'to', 'longestStopMillis', 'dryRun', 'onProgress']);
  requireWho('moveTenant', options);
  const { to, longestStopMillis = 2_000, dryRun = false, onProgress = () => {}, signal } = options;
  requireOptions('moveTenant: to', to, 'server');
  refuseUnknown('moveTenant: to', to, ['server', 'kind']);
  requireName('moveTenant: to', 'server', to.server);
  if (!KINDS.includes(to.kind)) {
    throw misconfigured(`moveTenant: \`to.kind\` is ${said(to.kind)}. Pass 'rows', 'schema' or 'database'.`);
  }
  if (!Number.isInteger(longestStopMillis) || longestStopMillis < 1 || longestStopMillis > LONGEST) {
    throw misconfigured(
      `moveTenant: the option \`longestStopMillis\` is ${said(longestStopMillis)}. Pass milliseconds, of which a second has 1_000.`,
    );
  }
  if (typeof dryRun !== 'boolean') {
    throw misconfigured(`moveTenant: the option \`dryRun\` is ${said(dryRun)}. Pass true or false.`);
  }
  if (typeof onProgress !== 'function') {
    throw misconfigured(`moveTenant: the option \`onProgress\` is ${said(onProgress)}. Pass a function.`);
  }
  return { ...options, longestStopMillis, dryRun, onProgress, signal };
}

/** @throws TenantFloorError `floor_misconfigured`. */
export function requireWho(where: string, { directory, places, tenant, signal }: MovedTenantOptions): void {
  // Both may be of another copy of the package.
  if (typeof directory?.get !== 'function') {
    throw misconfigured(`${where}: the option \`directory\` is ${said(directory)}. Pass a TenantDirectory.`);
  }
  if (typeof places?.placeFor !== 'function') {
    throw misconfigured(`${where}: the option \`places\` is ${said(places)}. Pass what \`tenantPlaces\` returns.`);
  }
  requireName(where, 'tenant', tenant);
  if (signal !== undefined && typeof signal?.throwIfAborted !== 'function') {
    throw misconfigured(`${where}: the option \`signal\` is ${said(signal)}. Pass that of an AbortController.`);
  }
}

/** The same for `finishMove` and `abandonMove`. */
export function resolveWho(where: string, options: MovedTenantOptions): MovedTenantOptions {
  requireOptions(where, options, 'directory');
  refuseUnknown(where, options, WHO);
  requireWho(where, options);
  return options;
}
