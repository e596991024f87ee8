import type { ClientBase } from 'pg';

/** A migration as SQL. */
export interface SqlMigration {
  /** Its name, by which migrations are ordered and remembered. */
  readonly name: string;
  readonly sql: string;
}

/** A migration as code: a class of an ORM, for instance. It is remembered by its name alone. */
export interface CodeMigration {
  /** Its name, by which migrations are ordered and remembered. */
  readonly name: string;
  /** Runs it on a connection whose transaction is open, and which finds the target's tables by their bare names. */
  run(client: ClientBase): Promise<void>;
}

/** Something that has migrations: a folder, or the classes of an ORM. */
export interface MigrationSource {
  /** All of them, in the order in which they are to run. */
  read(): Promise<readonly (SqlMigration | CodeMigration)[]>;
}
