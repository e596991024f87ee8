/**
 * - `fuzz_misuse`: nothing was tried, because the options, the database or the client do not allow a proof.
 * - `isolation_broken`: an operation showed that the tenant is not alone.
 * - `too_few_answers`: so much was refused that the rest proves nothing.
 */
export type IsolationFuzzErrorCode = 'fuzz_misuse' | 'isolation_broken' | 'too_few_answers';

/** The operation that failed, made as small as it gets. */
export interface FailedOperation {
  /** Pass it as the option `seed` to find the same again. */
  readonly seed: number;
  /** To be pasted, where `prisma` or `dataSource` is the client, `context` a `TenantContext`, and a tenant goes by its slug. */
  readonly code: string;
  /** The difference: a path into the answer or the rows, and what is there. */
  readonly difference: string;
  /** The client's answers, as JSON: over everybody's rows, and over those of the tenant alone. */
  readonly together: string;
  readonly alone: string;
}

/** An error of `fuzzIsolation`: `message` says what happened, why, and the fix. It shows rows, as a test's report must. */
export class IsolationFuzzError extends Error {
  readonly code: IsolationFuzzErrorCode;
  /** With `isolation_broken`. */
  readonly failed: FailedOperation | null;

  constructor(
    code: IsolationFuzzErrorCode,
    explanation: string,
    { failed = null, cause }: { readonly failed?: FailedOperation | null; readonly cause?: unknown } = {},
  ) {
    super(`${code}: ${explanation}`, cause === undefined ? {} : { cause });
    this.name = 'IsolationFuzzError';
    this.code = code;
    this.failed = failed;
  }
}

export function misuse(explanation: string, cause?: unknown): IsolationFuzzError {
  return new IsolationFuzzError('fuzz_misuse', `fuzzIsolation: ${explanation}`, { cause });
}
