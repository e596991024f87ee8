import { isAdapterError } from '@tenancy/core/adapter';
import { DatabaseError } from 'pg';
import { TenantsError } from '../tenants-error.js';

/** Rights that lack, by what the server says: in words, and what gives them. */
const RIGHTS = [
  [
    /row-level security/,
    'the role that a server is reached by does not see every row there: policies hold it, too',
    'Give it BYPASSRLS.',
  ],
  [
    /session_replication_role/,
    'the role may not switch triggers off for a transaction, without which those of the application would run for copied rows',
    'Where they are copied to, run as a superuser: GRANT SET ON PARAMETER session_replication_role TO that role.',
  ],
] as const;

/**
 * The error of an operation that failed by `error`. What a database says is told by its code and its names alone: the text may hold a row, and stays
 * behind the cause. Errors that say what to do are passed on.
 *
 * @param operation - such as `the export`
 * @param state - what there is of it now, and what to do
 */
export function failedBy(error: unknown, operation: string, state: string): unknown {
  if (isAdapterError(error)) return error;
  const { code, table, constraint, message } = (error instanceof DatabaseError ? error : {}) as Partial<DatabaseError>;
  const missing = code === '42501' && RIGHTS.find(([said]) => said.test(message ?? ''));
  if (missing) return new TenantsError('place_unusable', `${missing[1]}. ${state} ${missing[2]}`, { cause: error });
  const at = [table && `the table ${table}`, constraint && `the constraint ${constraint}`].filter(Boolean).join(', ');
  return new TenantsError(
    'operation_failed',
    `${operation} failed${code ? ` with SQLSTATE ${code}` : ''}${at && ` at ${at}`}; see the cause. ${state} Run it again.`,
    { cause: error },
  );
}
