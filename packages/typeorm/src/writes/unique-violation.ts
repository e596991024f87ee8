interface DriverError {
  readonly code?: unknown;
  readonly errno?: unknown;
  readonly message?: unknown;
  readonly detail?: unknown;
}

/** True when a database refused a row because another has the same unique key. */
export function isUniqueViolation(error: unknown): boolean {
  const { code, errno, message } = driverErrorOf(error);
  return (
    code === '23505' ||
    code === 'ER_DUP_ENTRY' ||
    errno === 1062 ||
    /^UNIQUE constraint failed|^SQLITE_CONSTRAINT: UNIQUE/.test(String(message))
  );
}

/** PostgreSQL answers nothing in a transaction after an error, until it is rolled back. */
export function endsTransaction(error: unknown): boolean {
  return driverErrorOf(error).code === '23505';
}

/** The columns of the key, where the database tells: PostgreSQL, in every language, as `(a, "b")=(…)`. */
export function violatedColumns(error: unknown): readonly string[] | undefined {
  const { detail } = driverErrorOf(error);
  const [, columns] = /\(([^()]+)\)=\(/.exec(String(detail)) ?? [];
  return columns?.split(', ').map((column) => column.replace(/^"(.*)"$/, '$1'));
}

function driverErrorOf(error: unknown): DriverError {
  if (typeof error !== 'object' || error === null) return {};
  const { driverError } = error as { readonly driverError?: DriverError };
  return driverError ?? (error as DriverError);
}
