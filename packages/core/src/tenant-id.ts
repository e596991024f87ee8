const MAX_BYTES = 255;

/** True for what can name a tenant at all: a non-empty, well-formed string of at most 255 bytes without NUL. */
export function canNameATenant(value: unknown): value is string {
  return (
    typeof value === 'string' &&
    value !== '' &&
    !value.includes('\0') &&
    // Two strings with lone surrogates can have the same bytes.
    value.isWellFormed() &&
    // No UTF-16 unit takes more than three bytes, so the usual short name is never measured.
    (value.length * 3 <= MAX_BYTES || Buffer.byteLength(value) <= MAX_BYTES)
  );
}
