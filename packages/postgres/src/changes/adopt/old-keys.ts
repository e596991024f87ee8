import { quoteIdentifier, quoteQualified } from '../../policies/quoting.js';
import { isDroppable } from '../plan/adopt-keys.js';
import { isWithout, twinName } from '../plan/key-catalog.js';
import type { TableName } from '../plan/step.js';
import type { RuledTable } from './tenant-rule.js';

/** A unique key without tenant, which old code may name. */
export interface OldKey {
  readonly table: TableName;
  readonly key: string;
  /** The one with the tenant. */
  readonly twin: string;
  /** The target of `ON CONFLICT` that works as long as the old key is there. */
  readonly onConflict: string;
  /** The one that works as soon as the twin is there. */
  readonly onConflictLater: string;
  /** True where `dropOldKeys` drops it. */
  readonly isDroppable: boolean;
  /** A sentence about old code that names it. */
  readonly message: string;
}

/** The keys of the tables that know no tenant, and what old code meets by them. */
export function oldKeys(tables: readonly RuledTable[]): OldKey[] {
  return tables.flatMap(({ table, column, keys }) =>
    keys
      .filter(({ columns }) => isWithout(column, columns))
      .map((one) => {
        const where = one.where === null ? '' : ` where ${one.where}`;
        const target = (key: readonly string[]) => `(${key.join(', ')})${where}`;
        const [onConflict, onConflictLater] = [target(one.key), target([quoteIdentifier(column), ...one.key])];
        const canGo = isDroppable(one);
        const meets = canGo
          ? `Once it is dropped, "on conflict ${onConflict}" fails with 42P10; write "on conflict ${onConflictLater}" before`
          : `It stays, and so does "on conflict ${onConflict}"`;
        return {
          ...{ table, key: one.index, twin: twinName(one.index), onConflict, onConflictLater, isDroppable: canGo },
          message:
            `${quoteQualified(table)} has the key ${quoteIdentifier(one.index)} without ${quoteIdentifier(column)}: a tenant's value is refused where another tenant has the same. ` +
            `${meets}.`,
        };
      }),
  );
}
