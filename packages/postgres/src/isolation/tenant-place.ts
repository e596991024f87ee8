import { misconfigured } from '../errors/misconfigured.js';
import { said } from '../errors/require-arguments.js';

/** The three ways in which a tenant's rows are kept: beside those of others, in a schema, or in a database of its own. */
export type PlaceKind = 'rows' | 'schema' | 'database';

/** The home of a tenant's data. The directory keeps it with the tenant, so that neither another slug nor another default moves it. */
export interface TenantPlace {
  /** A name of `servers`, of `placedIsolation` and of `tenantPlaces`. */
  readonly server: string;
  readonly kind: PlaceKind;
  /** The schema's or the database's name; null for rows. */
  readonly name: string | null;
}

/** True for a place that says where somebody is. */
export function isPlace(place: unknown): place is TenantPlace {
  const { server, kind, name } = (place ?? {}) as Partial<TenantPlace>;
  if (typeof server !== 'string' || server === '') return false;
  if (kind === 'rows') return name === null || name === undefined;
  return (kind === 'schema' || kind === 'database') && typeof name === 'string' && name !== '';
}

/** @throws TenantFloorError `floor_misconfigured` for a place that is none. */
export function requirePlace(where: string, place: unknown): void {
  if (isPlace(place)) return;
  throw misconfigured(
    `${where}: the option \`place\` is ${said(place)}, which says not where a tenant is. Pass \`{ server, kind: 'rows', name: null }\`, or the name of a schema or database with its kind.`,
  );
}
