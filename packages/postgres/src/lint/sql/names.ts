import type { SyntaxTree } from '../../parser/parse-sql.js';
import { text } from './nodes.js';

/** The name of a table, view or index, with its schema where one is written. */
export interface QualifiedName {
  readonly schema?: string;
  readonly name: string;
}

/** The name that a `RangeVar` holds. */
export function relationName(range: SyntaxTree): QualifiedName {
  return nameOf([text(range, 'schemaname'), text(range, 'relname') ?? '']);
}

/** A name from its parts, the last of which is the own one. */
export function nameOf(parts: readonly (string | undefined)[]): QualifiedName {
  const [name = '', schema] = parts.toReversed();
  return schema === undefined ? { name } : { schema, name };
}

/** One text for each name: a name without a schema is in `public`. */
export function keyOf({ schema, name }: QualifiedName): string {
  return schema === undefined || schema === 'public' ? name : `${schema}.${name}`;
}

/** A name as SQL, in quotes only where it needs them. */
export function sqlName({ schema, name }: QualifiedName): string {
  return schema === undefined ? quoted(name) : `${quoted(schema)}.${quoted(name)}`;
}

/** Identifiers as SQL, with commas between them. */
export function sqlList(names: readonly string[]): string {
  return names.map(quoted).join(', ');
}

/** An identifier as SQL, in quotes only where it needs them. */
export function quoted(name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) && !RESERVED.has(name) ? name : `"${name.replaceAll('"', '""')}"`;
}

/** A text as SQL. */
export function literal(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}

/** Words that name no column or table without quotes. */
const RESERVED: ReadonlySet<string> = new Set(
  (
    'all analyse analyze and any array as asc asymmetric authorization binary both case cast check collate collation column ' +
    'concurrently constraint create cross current_catalog current_date current_role current_schema current_time ' +
    'current_timestamp current_user default deferrable desc distinct do else end except false fetch for foreign freeze from ' +
    'full grant group having ilike in initially inner intersect into is isnull join lateral leading left like limit localtime ' +
    'localtimestamp natural not notnull null offset on only or order outer overlaps placing primary references returning ' +
    'right select session_user similar some symmetric system_user table tablesample then to trailing true union unique user ' +
    'using variadic verbose when where window with'
  ).split(' '),
);
