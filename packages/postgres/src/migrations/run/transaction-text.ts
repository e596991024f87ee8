import type { ParsedStatement } from '../../parser/parse-sql.js';
import { quoteIdentifier } from '../../policies/quoting.js';
import { AS_OPENED, BESIDE_SETTINGS } from '../../protocol/left-on-session.js';
import { guard, type LedgerEntry, recorded } from '../ledger/ledger.js';
import type { Migration } from '../source/migration.js';
import { isOpaque, leavesSession } from '../source/schema-bound.js';
import type { Part } from './chunks.js';
import { grants, leftSchema, WATCH } from './schema-statements.js';

/** A statement of a text, with the migration that says it; null for our own. */
export interface Origin {
  readonly target: string;
  readonly migration: Migration;
  readonly statement: ParsedStatement;
}

/** A text of several statements, which are answered one by one. */
export class Text {
  readonly #statements: string[] = [];
  readonly #origins: (Origin | null)[] = [];

  add(sql: string, origin: Origin | null = null): this {
    this.#statements.push(sql);
    this.#origins.push(origin);
    return this;
  }

  get sql(): string {
    // A statement may end in a comment.
    return this.#statements.join('\n;\n');
  }

  /** The migration's statement after `answered` ones, and where it begins in {@link sql}. */
  at(answered: number): { readonly origin: Origin | null; readonly start: number } {
    const start = this.#statements.slice(0, answered).reduce((sum, { length }) => sum + length + 3, 0);
    return { origin: this.#origins[answered] ?? null, start };
  }

  /** The first of the migrations' statements with a character, as {@link at} has it. */
  saying(character: string): ReturnType<Text['at']> {
    const found = this.#statements.findIndex((sql, index) => this.#origins[index] && sql.includes(character));
    return this.at(found === -1 ? this.#statements.length : found);
  }
}

/** A target, as a transaction sees it. */
export interface Place {
  readonly target: string;
  /** The schema that the statements run in; null for the database itself. */
  readonly schema: string | null;
  /** True where the schema is still to be made. */
  readonly isNew: boolean;
  readonly role: string | null;
  /** Schemas of everybody, which migrations may name. */
  readonly shared: readonly string[];
}

/** Adds the beginning of a transaction: after it, what was decided on is true and stays so. */
export function opening(text: Text, place: Place, entries: readonly LedgerEntry[], lockTimeout: number): void {
  const { target, schema, isNew, role } = place;
  text.add(waiting(lockTimeout));
  text.add(guard(target, entries, isNew ? null : schema));
  if (schema === null) return;
  // Never IF NOT EXISTS: it would be another tenant's (O12).
  if (isNew) text.add(`create schema ${quoteIdentifier(schema)}`);
  if (isNew && role !== null) text.add(`grant usage on schema ${quoteIdentifier(schema)} to ${quoteIdentifier(role)}`);
  text.add(finding(schema));
}

const waiting = (lockTimeout: number) => `set local lock_timeout = ${lockTimeout}`;
const finding = (schema: string) => `set local search_path to ${quoteIdentifier(schema)}`;

/** Adds what comes before code, which says nothing beforehand of what it names. */
export function beforeCode(text: Text, { schema }: Place): void {
  if (schema !== null) text.add(WATCH);
}

/**
 * Adds what comes after code: what it has changed outside of its schema is looked for, and whoever comes next finds the connection as it was when
 * it was opened, and the place and the patience of the run.
 */
export function afterCode(text: Text, place: Place, lockTimeout: number): void {
  const { schema, shared } = place;
  if (schema !== null) {
    // As the role of the run, and what is put in front of catalogs is not looked into.
    text.add('set session authorization default').add('discard temp').add(finding(schema));
    for (const check of leftSchema(schema, shared)) text.add(check);
  }
  asOpened(text, place, lockTimeout);
}

/** Adds what makes the connection what it was when it was opened, in the open transaction of a place. */
export function asOpened(text: Text, { schema }: Place, lockTimeout: number): void {
  for (const left of AS_OPENED) text.add(left);
  text.add(waiting(lockTimeout));
  if (schema !== null) text.add(finding(schema));
}

export function statements(text: Text, { target, schema, shared }: Place, parts: readonly Part[]): void {
  if (schema !== null && parts.some(({ statements: all }) => all.some(isOpaque))) text.add(WATCH);
  for (const { migration, statements: all } of parts) {
    for (const statement of all) text.add(statement.text, { target, migration, statement });
  }
  const every = parts.flatMap(({ statements: all }) => all);
  if (schema === null) return;
  if (every.some(isOpaque)) for (const check of leftSchema(schema, shared)) text.add(check);
  if (every.some(leavesSession)) for (const left of BESIDE_SETTINGS) text.add(left);
}

/** Adds its end: the record, whatever the statements have set. */
export function closing(text: Text, { target, schema, role }: Place, parts: readonly Omit<Part, 'statements'>[]): void {
  text.add('reset session authorization').add('reset all');
  if (schema !== null && role !== null) for (const grant of grants(schema, role)) text.add(grant);
  // Of one migration the last part alone: it says what is done.
  const last = new Map(parts.map(({ migration, done }) => [migration, done]));
  for (const [migration, done] of last) text.add(recorded(target, migration, done));
}
