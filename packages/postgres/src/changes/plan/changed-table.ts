import { misconfigured } from '../../errors/misconfigured.js';
import { refuseUnknown } from '../../errors/refuse-unknown.js';
import { requireName, requireOptions, said } from '../../errors/require-arguments.js';
import { quoteQualified } from '../../policies/quoting.js';
import type { TableName } from './step.js';

/** A table to be changed. */
export interface ChangedTable {
  readonly name: string;
  /** @defaultValue `'public'` */
  readonly schema?: string;
}

/** Definition of a change, without the options that were left out. */
export function definitionOf<T extends object>(place: string, options: T, known: readonly string[]): T {
  requireOptions(place, options, 'table');
  refuseUnknown(place, options, known);
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T;
}

export function tableNamed(place: string, table: ChangedTable, option = 'table'): TableName {
  if (typeof table !== 'object' || table === null || Array.isArray(table)) {
    throw misconfigured(
      `${place}: the option \`${option}\` is ${said(table)}, which names no table. Pass \`{ name }\`, or \`{ schema, name }\`.`,
    );
  }
  refuseUnknown(`${place}, ${option}`, table, ['schema', 'name']);
  const { schema = 'public', name } = table;
  requireName(place, `${option}.name`, name);
  requireName(place, `${option}.schema`, schema);
  quoteQualified({ schema, name });
  return { schema, name };
}

export function requireOptional(place: string, given: object, option: string, what: 'name' | 'boolean'): void {
  const value = (given as Readonly<Record<string, unknown>>)[option];
  if (value === undefined) return;
  if (what === 'name') requireName(place, option, value);
  if (what === 'name' || typeof value === 'boolean') return;
  throw misconfigured(`${place}: the option \`${option}\` is ${said(value)}. Use true or false, or leave it out.`);
}
