import { createHash } from 'node:crypto';
import type { ClientBase } from 'pg';
import { type ParsedStatement, parseSql, SqlSyntaxError } from '../../parser/parse-sql.js';
import { MigrationError } from '../outcome/migration-error.js';
import { type Alone, aloneStep } from './alone.js';
import { OF_THE_SERVER } from './kept-in-schema.js';
import type { CodeMigration, MigrationSource, SqlMigration } from './migration-source.js';

/** A migration as the run has it: read, and divided into what can be in one transaction. */
export interface Migration {
  readonly name: string;
  /** SHA-256 of the text, in hexadecimal digits; empty for code. */
  readonly checksum: string;
  readonly steps: readonly Step[];
}

/** A part of a migration that is done, or not, as a whole. */
export type Step =
  | {
      readonly kind: 'together';
      readonly statements: readonly ParsedStatement[];
      /** True where what follows cannot be in the same transaction: it may use a value that was added to an enum. */
      readonly isLast: boolean;
    }
  | { readonly kind: 'alone'; readonly statement: ParsedStatement; readonly alone: Alone }
  | { readonly kind: 'code'; run(client: ClientBase): Promise<void> };

/**
 * Reads and parses every migration, before a database is asked.
 *
 * @throws MigrationError `migrations_not_found`, `migration_unreadable`, or `migration_refused` for a statement that cannot be kept
 * track of.
 */
export async function readMigrations(source: MigrationSource): Promise<readonly Migration[]> {
  const read = await source.read();
  if (!Array.isArray(read) || read.length === 0) {
    throw new MigrationError(
      'migrations_not_found',
      '`read` of the option `migrations` answered with no list of migrations, or an empty one.',
    );
  }
  for (const migration of read) requireMigration(migration);
  const twice = read.find(({ name }, index) => read.findIndex((other) => other.name === name) !== index);
  if (twice)
    throw new MigrationError('migration_refused', `there are two migrations ${twice.name}. Rename one of them.`);
  return Promise.all(read.map((migration) => ('sql' in migration ? parsed(migration) : coded(migration))));
}

function requireMigration(migration: Partial<SqlMigration & CodeMigration> | null | undefined): void {
  const { name, sql, run } = migration ?? {};
  const isNamed = typeof name === 'string' && name !== '' && !name.includes('\0');
  const isOne =
    (typeof sql === 'string') !== (typeof run === 'function') && (sql === undefined) !== (run === undefined);
  if (isNamed && isOne) return;
  throw new MigrationError(
    'migration_refused',
    `a migration ${isNamed ? JSON.stringify(name) : 'without a name'} is neither \`{ name, sql }\` nor \`{ name, run }\`. Correct what \`read\` answers.`,
  );
}

function coded({ name, run }: CodeMigration): Migration {
  return { name, checksum: '', steps: [{ kind: 'code', run }] };
}

async function parsed({ name, sql }: SqlMigration): Promise<Migration> {
  const statements = await parseSql(sql).catch((error: unknown) => {
    if (!(error instanceof SqlSyntaxError)) throw error;
    throw new MigrationError(
      'migration_unreadable',
      `${name}, line ${error.line}: ${error.message}. PostgreSQL cannot read this file, so nothing of it was sent. Correct it` +
        `${/^copy\s[^;]*\sfrom\s+stdin/im.test(sql) ? '; rows after COPY … FROM STDIN are what only psql sends, so write INSERT (pg_dump --inserts)' : ''}` +
        `${error.message.startsWith('\\') ? ', or leave it out' : ''}.`,
      { cause: error },
    );
  });
  for (const statement of statements) refuse(name, statement);
  return { name, checksum: createHash('sha256').update(sql).digest('hex'), steps: stepsOf(name, statements) };
}

function stepsOf(name: string, statements: readonly ParsedStatement[]): Step[] {
  const steps: Step[] = [];
  let together: ParsedStatement[] = [];
  const close = (isLast: boolean) => {
    if (together.length > 0) steps.push({ kind: 'together', statements: together, isLast });
    together = [];
  };
  for (const statement of statements) {
    const alone = aloneStep(name, statement);
    if (alone) {
      close(false);
      steps.push({ kind: 'alone', statement, alone });
    } else {
      together.push(statement);
      // PostgreSQL takes the new value only in a later transaction.
      if (statement.kind === 'AlterEnumStmt' && 'newVal' in statement.tree && !('oldVal' in statement.tree))
        close(true);
    }
  }
  close(false);
  // An empty file is a migration, too.
  return steps.length > 0 ? steps : [{ kind: 'together', statements: [], isLast: false }];
}

function refuse(name: string, { kind, tree, line }: ParsedStatement): void {
  const refused = (code: 'migration_refused' | 'migration_left_transaction', why: string) =>
    new MigrationError(code, `${name}, line ${line}: ${why}`);
  if (kind === 'TransactionStmt') {
    throw refused(
      'migration_left_transaction',
      'the file begins or ends a transaction of its own, so its changes and the record of them would not be one. Each file runs in a ' +
        'transaction; remove BEGIN, COMMIT and ROLLBACK from it. Nothing of it was sent.',
    );
  }
  if (kind === 'CopyStmt' && tree['is_from'] === true && tree['filename'] === undefined) {
    throw refused(
      'migration_refused',
      'COPY … FROM STDIN waits for rows that only psql would send. Write INSERT instead.',
    );
  }
  if (kind === 'CreateSubscriptionStmt' || kind === 'DropSubscriptionStmt') {
    throw refused(
      'migration_refused',
      'a subscription makes or drops a slot on another server, which no run can take back. Do it outside of the migrations.',
    );
  }
  if (OF_THE_SERVER.has(kind)) {
    throw refused(
      'migration_refused',
      'this changes the server and not the database, and cannot be taken back with the file. Do it once, outside of the migrations.',
    );
  }
}
