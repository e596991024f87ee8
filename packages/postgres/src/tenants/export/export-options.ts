import { misconfigured } from '../../errors/misconfigured.js';
import { refuseUnknown } from '../../errors/refuse-unknown.js';
import { requireName, requireOptions, said } from '../../errors/require-arguments.js';
import type { TenantDirectory } from '../directory/tenant-directory.js';
import { requireWho } from '../move/move-options.js';
import type { TenantPlaces } from '../places/tenant-places.js';

/** Options of {@link exportTenant}. */
export interface ExportTenantOptions {
  /** The directory that says where the tenant is. */
  readonly directory: TenantDirectory<unknown>;
  /** The servers, each by a role that owns the tables and sees every row. */
  readonly places: TenantPlaces;
  /** The tenant's id. */
  readonly tenant: string;
  /** The archive to write, a ZIP file. There is none of this name yet. */
  readonly file: string;
  /**
   * Ends it, and no file is left.
   * @defaultValue none
   */
  readonly signal?: AbortSignal;
  /**
   * Told of each table that is written.
   * @defaultValue nobody is told
   */
  readonly onProgress?: (progress: ExportProgress) => void;
}

/** A table that is in the archive. */
export interface ExportProgress {
  readonly table: string;
  readonly rows: number;
}

/** The outcome of {@link exportTenant}. */
export interface ExportResult {
  readonly file: string;
  /** Length of the archive. */
  readonly bytes: number;
  /** SHA-256 of its manifest, in hexadecimal digits: `importTenant` takes no other archive where it is passed. */
  readonly digest: string;
  readonly rows: number;
  readonly tables: readonly { readonly name: string; readonly rows: number }[];
}

export type ExportSettings = Required<Omit<ExportTenantOptions, 'signal'>> & {
  readonly signal: AbortSignal | undefined;
};

/** @throws TenantFloorError `floor_misconfigured` when an option is wrong. */
export function resolveExportOptions(options: ExportTenantOptions): ExportSettings {
  const at = 'exportTenant';
  requireOptions(at, options, 'directory');
  refuseUnknown(at, options, ['directory', 'places', 'tenant', 'file', 'signal', 'onProgress']);
  requireWho(at, options);
  const { file, signal, onProgress = () => {} } = options;
  requireName(at, 'file', file);
  if (typeof onProgress !== 'function') {
    throw misconfigured(`${at}: the option \`onProgress\` is ${said(onProgress)}. Pass a function.`);
  }
  return { ...options, signal, onProgress };
}
