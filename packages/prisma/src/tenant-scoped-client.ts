import type { ITXClientDenyList, Types } from '@prisma/client/runtime/client';
import type { ByOwnKey, HasTenantKey } from './tenant-keys.js';
import type { TenantScopedExtends } from './tenant-scoped-extends.js';

/** Any generated client of Prisma 7. */
export interface PrismaClientLike {
  /** Connects, which a first query does by itself. */
  $connect(): Promise<void>;
  /** Ends the connections. */
  $disconnect(): Promise<void>;
  /** Runs several operations as one. */
  // biome-ignore lint/suspicious/noExplicitAny: generated clients overload it, and no narrower parameters fit them all.
  $transaction(...args: any[]): Promise<any>;
}

type TransactionOptionsOf<Client> = Client extends PrismaClientLike ? Parameters<Client['$transaction']>[1] : never;

/** The methods that send SQL of the application's own. */
export type RawSql = '$queryRaw' | '$executeRaw' | '$queryRawUnsafe' | '$executeRawUnsafe' | '$queryRawTyped';

type Extendable<TypeMapCb extends Types.Extensions.TypeMapCbDef, ExtArgs extends Types.Extensions.InternalArgs> = {
  $extends: Types.Extensions.ExtendsHook<'extends', TypeMapCb, ExtArgs>;
};

type TypeMapOf<Client> =
  Client extends Extendable<infer TypeMapCb, infer ExtArgs>
    ? Types.Utils.Call<TypeMapCb, { extArgs: ExtArgs }>
    : TypeMapOfDelegates<Client>;

/** Of a client whose generator wrote a copy of Prisma's own types beside it: what its delegates say of themselves. */
interface TypeMapOfDelegates<Client> {
  meta: { modelProps: DelegateNames<Client> };
  globalOmitOptions: object;
  model: { [Name in DelegateNames<Client> as Capitalize<Name>]: TypesOf<Client[Name]> };
}

type TypesOf<Delegate> = Delegate extends { [key: symbol]: { types: infer Its } } ? Its : never;

type DelegateNames<Client> = {
  [Name in keyof Client & string]: TypesOf<Client[Name]> extends { payload: unknown; operations: unknown }
    ? [TypesOf<Client[Name]>] extends [never]
      ? never
      : Name
    : never;
}[keyof Client & string];

/** The models of `Client`, with the operations by a unique key that need not name its tenant. */
type ModelsOf<Client, Field extends string, TypeMap extends Types.Extensions.TypeMapDef = TypeMapOf<Client>> = {
  [Name in keyof Client & TypeMap['meta']['modelProps']]: HasTenantKey<
    TypeMap,
    Types.Extensions.ModelKey<TypeMap, Name>,
    Field
  > extends true
    ? Client[Name] & ByOwnKey<TypeMap, Types.Extensions.ModelKey<TypeMap, Name>, Field>
    : Client[Name];
};

/**
 * The members that a class of the application's own adds to `PrismaClient`: its methods run with the scoped client as `this`. Of its fields
 * the primitive ones are there, as any other may hold the unscoped client.
 */
type OwnOf<Client, TypeMap extends Types.Extensions.TypeMapDef = TypeMapOf<Client>> = {
  [Name in keyof Client as Name extends `$${string}` | symbol | TypeMap['meta']['modelProps']
    ? never
    : Client[Name] extends ((...args: never[]) => unknown) | string | number | bigint | boolean | null | undefined
      ? Name
      : never]: Client[Name];
};

/**
 * Members of `Client` that are refused when they are called. They are `never`, so that a call does not compile, and the scoped
 * client is accepted all the same where `PrismaClient` and `Prisma.TransactionClient` are.
 */
type Refused<Client, Others extends PropertyKey> = {
  [Name in Exclude<Extract<keyof Client, `$${string}`>, Others>]: never;
};

/** Both forms of `$transaction`, the second of Prisma's own signature as well. */
interface Transactions<Client, Kept extends PropertyKey, Field extends string> {
  $transaction<const Queries extends readonly PromiseLike<unknown>[]>(
    queries: Queries,
    options?: TransactionOptionsOf<Client>,
  ): Promise<{ -readonly [Index in keyof Queries]: Awaited<Queries[Index]> }>;
  // biome-ignore lint/suspicious/noExplicitAny: word for word as in generated clients, so that it is the same type.
  $transaction<P extends Types.Public.PrismaPromise<any>[]>(
    queries: [...P],
    options?: TransactionOptionsOf<Client>,
  ): Promise<Types.Utils.UnwrapTuple<P>>;
  $transaction<Result>(
    work: (transaction: TenantScopedTransaction<Client, Kept, Field>) => Promise<Result>,
    options?: TransactionOptionsOf<Client>,
  ): Promise<Result>;
}

/**
 * The argument of a `$transaction` callback: the models of `Client`, each query scoped, and of its other members those
 * in `Kept`: raw SQL over a floor, and methods that an extension added.
 */
export type TenantScopedTransaction<
  Client,
  Kept extends PropertyKey = never,
  Field extends string = 'tenantId',
> = ModelsOf<Client, Field> &
  Pick<Client, Extract<keyof Client, Kept | symbol>> &
  Refused<Client, Kept | '$transaction' | ITXClientDenyList> &
  // Of a Prisma without nested transactions it is on the list.
  ('$transaction' extends ITXClientDenyList ? unknown : Transactions<Client, Kept, Field>);

/**
 * `Client` without `$on`, and without raw SQL unless there is a floor (but for `SELECT 1`). Arguments and results have the
 * types they have on `Client`, and of a unique key that holds the field `Field`, the rest is enough. `$extends` adds to the
 * scoped client, on top of the scope.
 */
export type TenantScopedClient<Client, Kept extends PropertyKey = never, Field extends string = 'tenantId'> = ModelsOf<
  Client,
  Field
> &
  OwnOf<Client> &
  Pick<Client, Extract<keyof Client, Kept | symbol>> &
  Refused<Client, Kept | '$connect' | '$disconnect' | '$queryRawUnsafe' | '$transaction' | '$extends'> &
  Transactions<Client, Kept, Field> & {
    $connect(): Promise<void>;
    $disconnect(): Promise<void>;
    /** Without a floor for constants alone, as health checks ask: `SELECT 1`. */
    $queryRawUnsafe<T = unknown>(query: string): Types.Public.PrismaPromise<T>;
  } & (Client extends Extendable<infer TypeMapCb, infer ExtArgs>
    ? { $extends: TenantScopedExtends<TypeMapCb, ExtArgs, Kept, Field> & Client['$extends'] }
    : Pick<Client, Extract<keyof Client, '$extends'>>);
