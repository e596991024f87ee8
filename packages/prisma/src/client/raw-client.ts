/** A query that Prisma starts when it is first awaited. */
export interface LazyQuery {
  then<A>(onResult: (value: unknown) => A): Promise<A>;
}

/** The members used of a Prisma client, behind the scope. Nothing of it is ever handed out. */
export interface RawClient {
  readonly [model: string]: unknown;
  $connect(): Promise<void>;
  $disconnect(): Promise<void>;
  $extends(extension: { readonly result: unknown }): RawClient;
  $transaction(queries: readonly LazyQuery[], options: TransactionOptions): Promise<unknown[]>;
  $transaction<R>(fn: (transaction: RawClient) => Promise<R>, options: TransactionOptions): Promise<R>;
}

export interface TransactionOptions {
  readonly maxWait?: number;
  readonly timeout?: number;
  readonly isolationLevel?: unknown;
}

export type RawDelegate = Readonly<Record<string, (args: unknown) => LazyQuery>>;
