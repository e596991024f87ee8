/**
 * - `wrong_use`: a flag, a command or a combination of them is wrong.
 * - `config_not_found`: nothing says where the database and the migrations are.
 * - `config_unreadable`: the configuration cannot be loaded.
 * - `config_wrong`: the configuration has something wrong in it.
 * - `tenants_unlisted`: the query of a JSON configuration did not list the tenants.
 * - `database_unreachable`: the database does not answer, is not there, or does not let this role in.
 * - `interrupted`: the run ended early, because it was asked to.
 */
export type CliErrorCode =
  | 'wrong_use'
  | 'config_not_found'
  | 'config_unreadable'
  | 'config_wrong'
  | 'tenants_unlisted'
  | 'database_unreachable'
  | 'interrupted';

/** An error of the command itself: `message` begins with the code, and says what happened and the fix. */
export class CliError extends Error {
  override readonly name = 'CliError';

  constructor(
    readonly code: CliErrorCode,
    explanation: string,
    options?: { readonly cause?: unknown },
  ) {
    super(`${code}: ${explanation}`, options);
  }
}
