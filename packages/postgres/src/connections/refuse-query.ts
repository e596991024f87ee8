/** A query as pg takes it: its text, or an object that has one, or one that sends itself. */
export type Submitted = {
  readonly text?: unknown;
  readonly name?: unknown;
  readonly cursor?: { readonly text?: unknown };
  readonly submit?: unknown;
  readonly handleError?: (error: unknown, connection: unknown) => void;
};

/** The SQL of a query; that of a statement by its name is among those which were `parsed`. */
export function textOfQuery(
  query: string | Submitted | null | undefined,
  parsed: Readonly<Record<string, string>>,
): string | undefined {
  if (typeof query === 'string') return query;
  const text = query?.text ?? query?.cursor?.text;
  if (typeof text === 'string') return text;
  const name = nameOf(query);
  return name === undefined ? undefined : parsed[name];
}

export function nameOf(query: string | Submitted | null | undefined): string | undefined {
  return typeof query === 'object' && typeof query?.name === 'string' ? query.name : undefined;
}

/** As pg refuses a query itself: to whoever waits for it, and not before the call has returned. */
export function refuseQuery(
  refusal: unknown,
  query: unknown,
  values: unknown,
  callback: unknown,
  connection: unknown,
): unknown {
  const submitted = query as (Submitted & { callback?: unknown }) | null | undefined;
  const settle = [callback, values, submitted?.callback].find(
    (each): each is (error: unknown) => void => typeof each === 'function',
  );
  if (submitted && typeof submitted.submit === 'function') {
    if (settle) submitted.callback ??= settle;
    process.nextTick(() => submitted.handleError?.(refusal, connection));
    return query;
  }
  if (!settle) return Promise.reject(refusal);
  process.nextTick(settle, refusal);
  return undefined;
}
