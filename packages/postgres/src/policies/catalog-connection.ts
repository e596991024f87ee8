/** Anything with `query` as `pg` has it: a `Client`, a `Pool`, a client of a pool. */
export interface CatalogConnection {
  query(text: string, values?: unknown[]): Promise<{ readonly rows: readonly unknown[] }>;
}
