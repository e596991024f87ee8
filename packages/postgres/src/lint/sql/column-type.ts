import type { SyntaxTree } from '../../parser/parse-sql.js';
import { constantOf, nodes, strings } from './nodes.js';

/** The type of a column as it is written. */
export interface ColumnType {
  /** Its name as the catalog has it: `int4`, `varchar`, `timestamptz`; with a schema where one is written. */
  readonly name: string;
  /** Length, precision and scale. */
  readonly modifiers: readonly number[];
  readonly isArray: boolean;
}

const SHORT: Readonly<Record<string, string>> = { serial: 'serial4', bigserial: 'serial8', smallserial: 'serial2' };

/** The type that a `TypeName` says. */
export function columnType(typeName: SyntaxTree): ColumnType {
  const parts = strings(typeName, 'names').filter((part) => part !== 'pg_catalog' && part !== 'public');
  const name = parts.join('.');
  return {
    name: SHORT[name] ?? name,
    modifiers: nodes(typeName, 'typmods').flatMap((modifier) => Number(constantOf(modifier) ?? Number.NaN)),
    isArray: nodes(typeName, 'arrayBounds').length > 0,
  };
}

/** True for `serial` and its relatives: a column that a sequence fills. */
export function isSerial({ name }: ColumnType): boolean {
  return /^serial[248]$/.test(name);
}

/** The type that a serial column has in the catalog. */
export function storedType(type: ColumnType): ColumnType {
  return isSerial(type) ? { ...type, name: type.name.replace('serial', 'int') } : type;
}
