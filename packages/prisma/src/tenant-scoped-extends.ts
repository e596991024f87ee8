import type { Types } from '@prisma/client/runtime/client';
import type { TenantScopedClient } from './tenant-scoped-client.js';

type ClientWith<
  TypeMapCb extends Types.Extensions.TypeMapCbDef,
  ExtArgs extends Types.Extensions.InternalArgs,
> = Types.Extensions.DynamicClientExtensionThis<Types.Utils.Call<TypeMapCb, { extArgs: ExtArgs }>, TypeMapCb, ExtArgs>;

/** `$extends` of Prisma's own, with the same inference, for a scoped client: the result is one as well. */
export interface TenantScopedExtends<
  TypeMapCb extends Types.Extensions.TypeMapCbDef,
  ExtArgs extends Types.Extensions.InternalArgs,
  Kept extends PropertyKey,
  Field extends string,
  TypeMap extends Types.Extensions.TypeMapDef = Types.Utils.Call<TypeMapCb, { extArgs: ExtArgs }>,
> {
  extArgs: ExtArgs;
  <
    R_ extends { [K in TypeMap['meta']['modelProps'] | '$allModels']?: unknown },
    R,
    M_ extends { [K in TypeMap['meta']['modelProps'] | '$allModels']?: unknown },
    M,
    Q_ extends {
      [K in
        | TypeMap['meta']['modelProps']
        | '$allModels'
        | keyof TypeMap['other']['operations']
        | '$allOperations']?: unknown;
    },
    C_ extends { [K in string]?: unknown },
    C,
    Args extends Types.Extensions.InternalArgs = Types.Extensions.InternalArgs<R, M, Record<never, never>, C>,
    Merged extends Types.Extensions.InternalArgs = Types.Extensions.MergeExtArgs<TypeMap, ExtArgs, Args>,
  >(
    extension:
      | ((client: ClientWith<TypeMapCb, ExtArgs>) => { $extends: { extArgs: Args } })
      | {
          name?: string;
          query?: Types.Extensions.DynamicQueryExtensionArgs<Q_, TypeMap>;
          result?: Types.Extensions.DynamicResultExtensionArgs<R_, TypeMap> & R;
          model?: Types.Extensions.DynamicModelExtensionArgs<M_, TypeMap, TypeMapCb, ExtArgs> & M;
          client?: Types.Extensions.DynamicClientExtensionArgs<C_, TypeMap, TypeMapCb, ExtArgs> & C;
        },
  ): TenantScopedClient<ClientWith<TypeMapCb, Merged>, Kept | keyof Merged['client'], Field>;
}
