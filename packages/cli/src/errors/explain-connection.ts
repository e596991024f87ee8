import { CliError } from './cli-error.js';

/** Codes of Node and of PostgreSQL for a connection that was not made, and what to do about each. */
const FIXES: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'Start the server, or correct host and port of the connection.',
  ENOTFOUND: 'Correct the host of the connection.',
  EAI_AGAIN: 'Correct the host of the connection, or see to the name server.',
  ETIMEDOUT: 'See whether a firewall is in between, or correct host and port of the connection.',
  '3D000': 'Correct the name of the database, or create it.',
  '28P01': 'Correct user and password of the connection.',
  '28000': 'Correct the user of the connection, or let it in with pg_hba.conf.',
  '53300': 'End connections that nobody needs, and run again.',
};

/** The error as it is, or in place of a driver's bare words about the connection, what happened and what to do. */
export function explainConnection(error: unknown): unknown {
  const one = error instanceof AggregateError ? error.errors[0] : error;
  const { code, message } = (one ?? {}) as { readonly code?: unknown; readonly message?: string };
  const fix = FIXES[String(code)];
  if (fix === undefined) return error;
  return new CliError('database_unreachable', `no connection to the database: ${message}. Nothing was done. ${fix}`, {
    cause: error,
  });
}
