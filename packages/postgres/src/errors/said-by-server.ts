import type { DatabaseError } from 'pg';

/** Classes of SQLSTATE whose messages are made of names and of the statement's own text, and of nothing that a row has. */
const NAMES_ALONE = /^(?:0[8ALP]|2[13568B]|3[BDF]|4[024]|5[34578])/;

/** Faults of a value, where PostgreSQL would show it. */
const KINDS: Readonly<Record<string, string>> = {
  '22001': 'a text is too long',
  '22003': 'a number is out of range',
  '22007': 'a text is no date or time',
  '22008': 'a date or time is out of range',
  '22012': 'a number is divided by zero',
  '22P02': 'a text cannot be read as the type',
  P0001: 'a function or trigger raised an error',
};

/**
 * Says what an error says that PostgreSQL, or the way to it, has thrown: without what may be a value of a row. A message about a value shows
 * it, and so may one that a function raises; an error with a place in the statement is about the text that was sent.
 *
 * Every message of an error of the server that is shown, or kept in a table, comes from here.
 */
export function saidByServer(error: unknown): string {
  const cause = error as Partial<DatabaseError>;
  if (typeof cause.code !== 'string' || cause.severity === undefined) {
    return error instanceof Error ? error.message : String(error);
  }
  const { code, message = '', routine, internalQuery, position } = cause;
  const isRaised = routine === 'exec_stmt_raise' || internalQuery !== undefined;
  if (!isRaised && (position !== undefined || NAMES_ALONE.test(code))) return message;
  const place = /PL\/pgSQL function [\w.",() ]+? line \d+/.exec(cause.where ?? '')?.[0];
  const kind = KINDS[routine === 'exec_stmt_raise' ? 'P0001' : code] ?? 'it was refused';
  return `${kind} (SQLSTATE ${code}${place === undefined ? '' : `, ${place}`}; what else PostgreSQL says may show a row, and is left out)`;
}
