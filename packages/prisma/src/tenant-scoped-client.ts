/** Any generated client of Prisma 7. */
export interface PrismaClientLike {
  $connect(): Promise<void>;
  $disconnect(): Promise<void>;
  // biome-ignore lint/suspicious/noExplicitAny: generated clients overload it, and no narrower parameters fit them all.
  $transaction(...args: any[]): Promise<any>;
}

type TransactionOptionsOf<Client extends PrismaClientLike> = Parameters<Client['$transaction']>[1];

/** What a callback of `$transaction` receives: the models of `Client`, each query scoped. */
export type TenantScopedTransaction<Client> = Omit<Client, `$${string}`>;

/** `Client` without raw SQL, `$extends` and `$on`. Arguments and results have the types they have on `Client`. */
export type TenantScopedClient<Client extends PrismaClientLike> = TenantScopedTransaction<Client> & {
  $connect(): Promise<void>;
  $disconnect(): Promise<void>;
  $transaction<const Queries extends readonly PromiseLike<unknown>[]>(
    queries: Queries,
    options?: TransactionOptionsOf<Client>,
  ): Promise<{ -readonly [Index in keyof Queries]: Awaited<Queries[Index]> }>;
  $transaction<Result>(
    work: (transaction: TenantScopedTransaction<Client>) => Promise<Result>,
    options?: TransactionOptionsOf<Client>,
  ): Promise<Result>;
};
