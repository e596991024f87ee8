import { misconfigured } from '../../errors/misconfigured.js';
import { refuseUnknown } from '../../errors/refuse-unknown.js';
import { requireName, requireOptions, said } from '../../errors/require-arguments.js';
import type { PlaceKind, TenantPlace } from '../../isolation/tenant-place.js';
import type { DirectoryTenant } from '../directory/directory-tenant.js';
import type { TenantDirectory } from '../directory/tenant-directory.js';
import type { TenantPlaces } from '../places/tenant-places.js';
import type { ProvisionedTenant } from '../provision/provision-options.js';

/** Options of {@link importTenant}. */
export interface ImportTenantOptions<Settings = Readonly<Record<string, unknown>>> {
  /** The directory that it is entered in, by a role that may write it. */
  readonly directory: TenantDirectory<Settings>;
  /** The servers, each by a role that owns the tables and sees every row. */
  readonly places: TenantPlaces;
  /** The archive, of `exportTenant`. */
  readonly file: string;
  /**
   * The tenant that is made of it, where something of it is another one than in the archive: its slug or its id, for one.
   * @defaultValue the tenant of the archive
   */
  readonly tenant?: Partial<ProvisionedTenant<Settings>>;
  /**
   * The server and the kind of place, each by itself.
   * @defaultValue those of the option `place` of the directory
   */
  readonly at?: { readonly server?: string; readonly kind?: PlaceKind };
  /**
   * The `digest` that `exportTenant` answered with: every other archive is refused.
   * @defaultValue any archive is taken whose files are those of its manifest
   */
  readonly digest?: string;
  /**
   * True to be told what would be imported, once the archive has been read and found to fit, and nothing is done.
   * @defaultValue `false`
   */
  readonly dryRun?: boolean;
  /**
   * Ends it before its commit, with nothing left.
   * @defaultValue none
   */
  readonly signal?: AbortSignal;
  /**
   * Told of each table as its rows come in.
   * @defaultValue nobody is told
   */
  readonly onProgress?: (progress: ImportProgress) => void;
}

/** A step of an import that begins, or a table that was written. */
export interface ImportProgress {
  /** - `read`: the archive is read and held to its manifest; `write`: rows are written; `check`: they are counted, hashed and looked through. */
  readonly step: 'read' | 'write' | 'check';
  /** The table that was written, of `write`. */
  readonly table?: string;
  readonly rows?: number;
}

/** The outcome of {@link importTenant}. */
export interface ImportResult<Settings = Readonly<Record<string, unknown>>> {
  /** The tenant as it is in the directory; null of a dry run. */
  readonly tenant: DirectoryTenant<Settings> | null;
  readonly slug: string;
  readonly place: TenantPlace;
  readonly rows: number;
  readonly tables: readonly { readonly name: string; readonly rows: number }[];
}

const KNOWN = ['directory', 'places', 'file', 'tenant', 'at', 'digest', 'dryRun', 'signal', 'onProgress'];

/** Options that are the import's own; the others are those of `provisionTenant`, which looks at them. */
export interface ImportSettings<Settings>
  extends Omit<ImportTenantOptions<Settings>, 'digest' | 'dryRun' | 'signal' | 'onProgress'> {
  readonly digest: string | undefined;
  readonly dryRun: boolean;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: (progress: ImportProgress) => void;
}

/** @throws TenantFloorError `floor_misconfigured` when an option is wrong. */
export function resolveImportOptions<Settings>(options: ImportTenantOptions<Settings>): ImportSettings<Settings> {
  const place = 'importTenant';
  requireOptions(place, options, 'file');
  refuseUnknown(place, options, KNOWN);
  const { file, tenant = {}, digest, dryRun = false, onProgress = () => {}, signal } = options;
  requireName(place, 'file', file);
  requireOptions(`${place}: tenant`, tenant, 'slug');
  if (digest !== undefined && (typeof digest !== 'string' || !/^[0-9a-f]{64}$/.test(digest))) {
    throw misconfigured(
      `${place}: the option \`digest\` is ${said(digest)}. Pass the one that exportTenant answered with.`,
    );
  }
  if (typeof dryRun !== 'boolean') {
    throw misconfigured(`${place}: the option \`dryRun\` is ${said(dryRun)}. Pass true or false.`);
  }
  if (typeof onProgress !== 'function') {
    throw misconfigured(`${place}: the option \`onProgress\` is ${said(onProgress)}. Pass a function.`);
  }
  return { ...options, tenant, digest, dryRun, onProgress, signal };
}
