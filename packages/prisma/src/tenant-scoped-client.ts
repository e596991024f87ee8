import type { Types } from '@prisma/client/runtime/client';
import type { TenantScopedExtends } from './tenant-scoped-extends.js';

/** Any generated client of Prisma 7. */
export interface PrismaClientLike {
  $connect(): Promise<void>;
  $disconnect(): Promise<void>;
  // biome-ignore lint/suspicious/noExplicitAny: generated clients overload it, and no narrower parameters fit them all.
  $transaction(...args: any[]): Promise<any>;
}

type TransactionOptionsOf<Client> = Client extends PrismaClientLike ? Parameters<Client['$transaction']>[1] : never;

/** What sends SQL of the application's own. */
export type RawSql = '$queryRaw' | '$executeRaw' | '$queryRawUnsafe' | '$executeRawUnsafe' | '$queryRawTyped';

/**
 * What a callback of `$transaction` receives: the models of `Client`, each query scoped, and of its members under `$` those
 * in `Kept`: raw SQL over a floor, and methods that an extension added.
 */
export type TenantScopedTransaction<Client, Kept extends PropertyKey = never> = Omit<Client, `$${string}`> &
  Pick<Client, Extract<keyof Client, Kept>>;

/**
 * `Client` without `$on`, and without raw SQL unless there is a floor (but for `SELECT 1`). Arguments and results have the types they have on
 * `Client`. `$extends` adds to the scoped client, on top of the scope.
 */
export type TenantScopedClient<Client, Kept extends PropertyKey = never> = TenantScopedTransaction<Client, Kept> & {
  $connect(): Promise<void>;
  $disconnect(): Promise<void>;
  /** Without a floor for constants alone, as health checks ask: `SELECT 1`. */
  $queryRawUnsafe(query: string): PromiseLike<unknown>;
  $transaction<const Queries extends readonly PromiseLike<unknown>[]>(
    queries: Queries,
    options?: TransactionOptionsOf<Client>,
  ): Promise<{ -readonly [Index in keyof Queries]: Awaited<Queries[Index]> }>;
  $transaction<Result>(
    work: (transaction: TenantScopedTransaction<Client, Kept>) => Promise<Result>,
    options?: TransactionOptionsOf<Client>,
  ): Promise<Result>;
} & (Client extends {
    $extends: Types.Extensions.ExtendsHook<
      'extends',
      infer TypeMapCb extends Types.Extensions.TypeMapCbDef,
      infer ExtArgs extends Types.Extensions.InternalArgs
    >;
  }
    ? { $extends: TenantScopedExtends<TypeMapCb, ExtArgs, Kept> }
    : unknown);
