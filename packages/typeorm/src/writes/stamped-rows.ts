import { type DataSourceScope, tenantIdOf } from '../scope/data-source-scope.js';
import { privateSlot } from '../scope/private-slot.js';
import type { Column } from '../typeorm-internals.js';

/** Rows that name no tenant, of which the column says the current one. */
const unnamed = privateSlot<true>();
/** The answers of inserts, which TypeORM puts on the rows that were saved. */
const answers = privateSlot<true>();
/** The tenant that was put on a saved constant: the caller did not name it. An instance of an entity's class is a row, and stays its tenant's. */
const told = privateSlot<{ readonly tenant: unknown }>();

/** Has `row` inserted for whichever tenant inserts it. Nothing is written to it: it is the caller's, and may be a constant. */
export function leaveUnnamed(row: object): void {
  unnamed.set(row, true);
}

/** Puts the tenant into what an insert answers, and so on what `save` was given. */
export function tell(answer: object, tenant: unknown, column: Column): void {
  column.setEntityValue(answer, tenant);
  answers.set(answer, true);
}

/**
 * Teaches TypeORM's own metadata whose a row is that names no tenant.
 *
 * @returns undoes it.
 */
export function stampRows(column: Column, scope: DataSourceScope): () => void {
  const { getEntityValue, getEntityValueMap, setEntityValue } = column;
  let justRead: unknown;
  const forget = () => {
    justRead = undefined;
  };
  const ownOf = (row: object): unknown => Reflect.apply(getEntityValue, column, [row]);
  /** The column of `row` as everybody sees it: its value, unless that is not the caller's word. */
  const seen = (row: object, own: unknown): unknown => {
    if (!isRow(row) || !scope.context.isActive()) return own;
    if (own === undefined) return unnamed.get(row) ? tenantIdOf(scope) : own;
    return told.get(row)?.tenant === own && String(own) !== tenantIdOf(scope) ? undefined : own;
  };
  column.getEntityValue = (row, ...rest) => {
    const own: unknown = Reflect.apply(getEntityValue, column, [row, ...rest]);
    justRead = undefined;
    if (answers.get(row)) {
      // TypeORM writes what it reads of an answer right away, if it does.
      justRead = own;
      queueMicrotask(forget);
    }
    return seen(row, own);
  };
  column.getEntityValueMap = (row, ...rest) => {
    const own = ownOf(row);
    // A related row that names no tenant is the current one's, or a foreign key with the tenant in it would not be written.
    const isRelated = own === undefined && !column.isPrimary && isRow(row) && scope.context.isActive();
    const value = isRelated ? tenantIdOf(scope) : seen(row, own);
    if (value === own) return Reflect.apply(getEntityValueMap, column, [row, ...rest]);
    return value === undefined ? undefined : column.createValueMap(value);
  };
  column.setEntityValue = (row, value) => {
    const isTold = justRead !== undefined && value === justRead;
    justRead = undefined;
    // TypeORM puts the keys that it reads back on what it inserted.
    if (unnamed.get(row) && value !== undefined && value === seen(row, ownOf(row))) return;
    try {
      Reflect.apply(setEntityValue, column, [row, value]);
      if (isTold && isPlain(row)) told.set(row, { tenant: value });
    } catch (error) {
      // What is frozen is told nothing.
      if (!isTold) throw error;
    }
  };
  return () => Object.assign(column, { getEntityValue, getEntityValueMap, setEntityValue });
}

function isRow(row: unknown): row is object {
  return typeof row === 'object' && row !== null;
}

function isPlain(row: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(row);
  return prototype === Object.prototype || prototype === null;
}
