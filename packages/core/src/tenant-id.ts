const MAX_BYTES = 255;

/**
 * True for what can name a tenant at all: a non-empty, well-formed string of at most 255 bytes in UTF-8, without NUL. PostgreSQL takes
 * no NUL, and two strings with lone surrogates can have the same bytes.
 *
 * P2: an adapter asks before it puts an id into a query, because `undefined` in a condition means every tenant.
 *
 * @example
 * ```ts
 * import { isUsableTenantId } from '@tenancy/core/adapter';
 *
 * const usable = ['t_acme', '', undefined].filter(isUsableTenantId); // ['t_acme']
 * ```
 */
export function isUsableTenantId(value: unknown): value is string {
  return (
    typeof value === 'string' &&
    value !== '' &&
    !value.includes('\0') &&
    value.isWellFormed() &&
    // No UTF-16 unit takes more than three bytes, so the usual short name is never measured.
    (value.length * 3 <= MAX_BYTES || Buffer.byteLength(value) <= MAX_BYTES)
  );
}
