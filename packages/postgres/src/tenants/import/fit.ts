import { archiveUnfit } from '../archive/archive-refused.js';
import { archivedColumns } from '../archive/archived-tables.js';
import type { ArchivedTable, ArchiveManifest } from '../archive/manifest.js';
import { bare } from '../move/row-source.js';
import type { PlacedTable } from '../places/tenant-tables.js';

/** A table of an archive beside the same one of the place. */
export interface FittedTable {
  readonly archived: ArchivedTable;
  readonly table: PlacedTable;
  /** Columns as the file has them. Each is one of the catalog: no name of an archive comes into SQL. */
  readonly columns: readonly string[];
}

/** @throws TenantsError `archive_refused` with the names of tables and columns that only one side has, or that are of other types. */
export function fitTables(manifest: ArchiveManifest, tables: readonly PlacedTable[]): readonly FittedTable[] {
  const here = new Map(tables.map((table) => [table.name, table]));
  const there = new Set(manifest.tables.map(({ name }) => name));
  const missing = [...there].filter((name) => !here.has(name));
  const more = [...here.keys()].filter((name) => !there.has(name));
  if (missing.length > 0) throw unfit(`there is no table ${named(missing)} of tenants`);
  if (more.length > 0) throw unfit(`it lacks the table ${named(more)}`);
  return manifest.tables.map((archived) => fitted(archived, here.get(archived.name) as PlacedTable));
}

function fitted(archived: ArchivedTable, table: PlacedTable): FittedTable {
  const here = new Map(archivedColumns(table).map(({ name, type }) => [name, bare(type)]));
  const there = new Map(archived.columns.map(({ name, type }) => [name, type]));
  const missing = [...there.keys()].filter((name) => !here.has(name));
  const more = [...here.keys()].filter((name) => !there.has(name));
  const other = [...there].filter(([name, type]) => here.has(name) && here.get(name) !== type);
  const at = `the table ${named([table.name])}`;
  if (missing.length > 0) throw unfit(`${at} has no column ${named(missing)} here`);
  if (more.length > 0) throw unfit(`${at} has the column ${named(more)} here alone`);
  if (other.length > 0) {
    const types = other.map(([name, type]) => `${named([name])} is ${here.get(name)} here and ${named([type])} there`);
    throw unfit(`of ${at}, ${types.join(', ')}`);
  }
  return { archived, table, columns: archived.columns.map(({ name }) => name) };
}

function named(names: readonly string[]): string {
  return names.map((name) => JSON.stringify(name)).join(', ');
}

function unfit(why: string): Error {
  return archiveUnfit(why, 'Bring both installations to the same tables, and export it again.');
}
