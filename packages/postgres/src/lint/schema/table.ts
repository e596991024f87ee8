import type { ParsedStatement } from '../../parser/parse-sql.js';
import type { ColumnType } from '../sql/column-type.js';
import type { QualifiedName } from '../sql/names.js';
import type { NamedNode } from '../sql/nodes.js';

/** The moment at which a file and a transaction in it make something. */
export interface Moment {
  /** The number of the file, from 0. */
  readonly file: number;
  /** The number of the transaction in its file, from 0. */
  readonly transaction: number;
  /** Undefined before the first file. */
  readonly statement?: ParsedStatement;
}

/** A column as far as the migrations say. */
export interface Column {
  readonly name: string;
  /** Unknown for one whose table was made from a query. */
  readonly type: ColumnType | undefined;
  readonly isNotNull: boolean;
  /** True where a sequence or a generator fills it: nobody picks its values. */
  readonly isGenerated: boolean;
}

/** A constraint of a table. */
export interface Constraint {
  readonly name: string;
  readonly kind: 'primary' | 'unique' | 'exclusion' | 'foreign' | 'check' | 'not-null';
  readonly columns: readonly string[];
  /** False between NOT VALID and VALIDATE. */
  readonly isValid: boolean;
  readonly made: Moment;
  /** The condition of a check. */
  readonly condition?: NamedNode;
  /** The table that a foreign key leads to. */
  readonly references?: QualifiedName;
  readonly referencedColumns?: readonly string[];
  /** The action on delete, `n` for SET NULL, and the columns that it is limited to. */
  readonly deletes?: { readonly action: string; readonly columns: readonly string[] };
}

/** An index, that of a key included. */
export interface Index {
  readonly name: string;
  /** Its columns in order; undefined stands for an expression. */
  readonly columns: readonly (string | undefined)[];
  readonly isUnique: boolean;
  readonly isPartial: boolean;
  readonly method: string;
  readonly made: Moment;
  /** The key that it belongs to. */
  readonly constraint?: string;
}

/** A policy of a table. */
export interface Policy {
  /** The names of the roles that it is for; none for everybody. */
  readonly roles: readonly string[];
  /** False for one that takes rows away from what the others let through. */
  readonly isPermissive: boolean;
  /** The statements that it is for: `all`, `select`, `insert`, `update` or `delete`. */
  readonly command: string;
  /** The condition of USING; of the kind `''` where there is none. */
  readonly read: NamedNode;
  /** The condition of WITH CHECK; of the kind `''` where there is none. */
  readonly written: NamedNode;
}

/** A table as the migrations so far made it. */
export interface Table {
  readonly name: QualifiedName;
  /** False for one that no file made: nothing is known of what is in it. */
  readonly isKnown: boolean;
  /** False where columns may be missing here, as after `CREATE TABLE AS` or `LIKE` of an unknown table. */
  readonly isComplete: boolean;
  readonly made: Moment;
  readonly isTemporary: boolean;
  readonly isPartitioned: boolean;
  readonly partitionOf?: QualifiedName;
  readonly partitionKey?: readonly string[];
  readonly columns: Map<string, Column>;
  readonly constraints: Map<string, Constraint>;
  readonly indexes: Map<string, Index>;
  readonly policies: Map<string, Policy>;
  isRowSecurityEnabled: boolean;
  isRowSecurityForced: boolean;
}

/** A table with nothing in it yet. */
export function emptyTable(name: QualifiedName, made: Moment, more: Partial<Table> = {}): Table {
  return {
    name,
    made,
    isKnown: true,
    isComplete: true,
    isTemporary: false,
    isPartitioned: false,
    columns: new Map(),
    constraints: new Map(),
    indexes: new Map(),
    policies: new Map(),
    isRowSecurityEnabled: false,
    isRowSecurityForced: false,
    ...more,
  };
}

/** The columns of each unique key and unique index over whole rows. */
export function uniqueKeysOf({ indexes }: Table): readonly Index[] {
  return [...indexes.values()].filter(({ isUnique }) => isUnique);
}
