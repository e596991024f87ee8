/**
 * True for the error of a named statement whose result has another shape than when it was parsed (O13): a column was added to
 * `select *`. It did not run, and never will on this connection.
 */
export function isStalePlan(error: unknown): boolean {
  const { code, routine } = (error ?? {}) as { readonly code?: unknown; readonly routine?: unknown };
  return code === '0A000' && routine === 'RevalidateCachedQuery';
}

/** True for a query that keeps its plan, and sends itself in no way of its own. */
export function keepsPlan(query: unknown): boolean {
  const { name, submit } = (query ?? {}) as { readonly name?: unknown; readonly submit?: unknown };
  return name !== undefined && submit === undefined;
}
