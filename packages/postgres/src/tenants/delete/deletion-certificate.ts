import type { TenantPlace } from '../../isolation/tenant-place.js';
import type { Leftover, Scan } from './scan.js';

/** A list of all that was found of a tenant and removed, given where a scan found nothing of it afterwards. */
export interface DeletionCertificate {
  /** The tenant's id. */
  readonly tenant: string;
  readonly place: TenantPlace;
  /** As ISO 8601 has it. */
  readonly begunAt: string;
  readonly endedAt: string;
  /** Rows of each table, as `schema.name`, that the tenant had. */
  readonly removed: readonly { readonly table: string; readonly rows: number }[];
  /** The longest batch, in milliseconds; 0 where a schema or a database was dropped. */
  readonly longestBatchMillis: number;
  /** Things that were removed elsewhere; null where it is not said how much. */
  readonly also: readonly { readonly name: string; readonly removed: number | null }[];
  /** Databases that were looked through, and how many tables each has. */
  readonly scanned: readonly Pick<Scan, 'server' | 'database' | 'tables'>[];
  /** Rows that are kept on purpose, with the reason. */
  readonly kept: readonly (Leftover & { readonly reason: string })[];
  /** True where the id could be anything else as well, such as a number: it was looked for where it is said to be a tenant's alone. */
  readonly isMistakable: boolean;
}
