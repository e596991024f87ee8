import { randomBytes } from 'node:crypto';
import type { Client, ClientConfig } from 'pg';
import { connectDirectly, messageOf } from '../../direct/connect-directly.js';
import { MigrationError } from '../outcome/migration-error.js';

/** The beginning of `application_name` on every connection of a run. */
export const APPLICATION = 'tenancy migrate ';

/** Names a run, on its connections. */
export function runName(): string {
  return APPLICATION + randomBytes(6).toString('hex');
}

/** @throws MigrationError `target_unreachable`, or `migration_pooled` behind a pooler. */
export function connect(connection: string | ClientConfig, name: string): Promise<Client> {
  return connectDirectly(connection, {
    name,
    settings: ['idle_in_transaction_session_timeout=0'],
    pooled: (cause) =>
      new MigrationError(
        'migration_pooled',
        'the connection leads through a pooler, where locks and settings of a session reach other clients. Give the address of PostgreSQL itself.',
        { cause },
      ),
    unreachable: (cause) =>
      new MigrationError(
        'target_unreachable',
        `the database let the run not in: ${messageOf(cause)}. Look whether it is there, and whether the role may connect.`,
        { cause },
      ),
  });
}
