/**
 * Statements that undo what can be left on a session, but for its locks, and the tag that each answers with. They run in a transaction as well.
 * `RESET ALL` takes time limits away first.
 *
 * Source: https://www.postgresql.org/docs/current/sql-discard.html
 */
export const LEFT_ON_SESSION = [
  ['reset all', 'RESET'],
  ['set session authorization default', 'SET'],
  ['close all', 'CLOSE CURSOR ALL'],
  ['deallocate all', 'DEALLOCATE ALL'],
  ['unlisten *', 'UNLISTEN'],
  ['discard temp', 'DISCARD TEMP'],
  ['discard sequences', 'DISCARD SEQUENCES'],
] as const;

/** Those that leave the settings as they are. */
export const BESIDE_SETTINGS: readonly string[] = LEFT_ON_SESSION.map(([text]) => text).filter(
  (text) => !/^(?:re)?set /.test(text),
);

/** The same statements, for what goes on with the connection after code of the application's. */
export const AS_OPENED: readonly string[] = LEFT_ON_SESSION.map(([text]) => text);
