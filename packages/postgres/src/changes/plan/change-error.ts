import { AdapterError, isBranded } from '@tenancy/core/adapter';

const BRAND = Symbol.for('@tenancy/postgres:change-error');

/** The fault of a change. */
export type ChangeErrorCode =
  | 'change_impossible'
  | 'change_not_permitted'
  | 'change_differs'
  | 'change_blocked'
  | 'change_failed'
  | 'change_interrupted'
  | 'change_unknown'
  | 'pooler_in_between';

/**
 * Why `change` stopped. `code` says what it is; `message` says what happened, what was done and what was not, and the fix. It never
 * shows a row.
 */
export class ChangeError extends AdapterError<ChangeErrorCode> {
  readonly [BRAND] = true;
  override readonly name = 'ChangeError';
}

/** True when `error` is a {@link ChangeError} (of `code`, when given), whichever copy of the package made it. */
export function isChangeError(error: unknown, code?: ChangeErrorCode): error is ChangeError {
  return isBranded(error, BRAND, code);
}
