import { quoteIdentifier, quoteQualified } from '../../policies/quoting.js';
import { scaffolding } from './names.js';
import type { StatementStep, TableName } from './step.js';

/** NOT NULL without a scan under an exclusive lock. */
export function notNullSteps(table: TableName, column: string, id: string, version: number): StatementStep[] {
  const alter = `alter table ${quoteQualified(table)}`;
  const name = quoteIdentifier(column);
  const step = (title: string, isExclusive: boolean, ...sql: string[]): StatementStep => ({
    kind: 'statement',
    name: title,
    table,
    sql,
    isExclusive,
    undo: [],
  });
  const validate = (constraint: string) => step('validate', false, `${alter} validate constraint ${constraint}`);
  // O28: from 18 on the constraint itself can be added without a look at the rows; before, a check stands in for it.
  if (version >= 180_000) {
    const constraint = notNullName(table, column, id);
    return [
      step('not null, not valid', true, `${alter} add constraint ${constraint} not null ${name} not valid`),
      validate(constraint),
    ];
  }
  const { check } = scaffolding(table, id);
  return [
    step('check, not valid', true, `${alter} add constraint ${check} check (${name} is not null) not valid`),
    validate(check),
    step('not null', true, `${alter} alter column ${name} set not null`, `${alter} drop constraint ${check}`),
  ];
}

/** The name that PostgreSQL 18 would give the constraint. */
export function notNullName(table: TableName, column: string, id: string): string {
  const usual = `${table.name}_${column}_not_null`;
  return quoteIdentifier(Buffer.byteLength(usual) > 63 ? `tenancy_${id}_not_null` : usual);
}
