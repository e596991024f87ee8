/** Any generated client of Prisma 7. */
export interface PrismaClientLike {
  $connect(): Promise<void>;
  $disconnect(): Promise<void>;
  // biome-ignore lint/suspicious/noExplicitAny: generated clients overload it, and no narrower parameters fit them all.
  $transaction(...args: any[]): Promise<any>;
}

type TransactionOptionsOf<Client extends PrismaClientLike> = Parameters<Client['$transaction']>[1];

/** What sends SQL of the application's own. */
export type RawSql = '$queryRaw' | '$executeRaw' | '$queryRawUnsafe' | '$executeRawUnsafe' | '$queryRawTyped';

/** What a callback of `$transaction` receives: the models of `Client`, each query scoped, and raw SQL over a floor. */
export type TenantScopedTransaction<Client, Raw extends string = never> = Omit<Client, `$${string}`> &
  Pick<Client, Extract<keyof Client, Raw>>;

/**
 * `Client` without `$extends` and `$on`, and without raw SQL unless there is a floor. Arguments and results have the types
 * they have on `Client`.
 */
export type TenantScopedClient<Client extends PrismaClientLike, Raw extends string = never> = TenantScopedTransaction<
  Client,
  Raw
> & {
  $connect(): Promise<void>;
  $disconnect(): Promise<void>;
  $transaction<const Queries extends readonly PromiseLike<unknown>[]>(
    queries: Queries,
    options?: TransactionOptionsOf<Client>,
  ): Promise<{ -readonly [Index in keyof Queries]: Awaited<Queries[Index]> }>;
  $transaction<Result>(
    work: (transaction: TenantScopedTransaction<Client, Raw>) => Promise<Result>,
    options?: TransactionOptionsOf<Client>,
  ): Promise<Result>;
};
