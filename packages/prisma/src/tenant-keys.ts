import type { Types } from '@prisma/client/runtime/client';

/** The compound unique keys in a unique `where` that hold the tenant: what they are called there. */
type TenantKey<Where, Field extends string> = {
  [Key in keyof Where]-?: NonNullable<Where[Key]> extends Record<Field, string> ? Key : never;
}[keyof Where];

type Rest<Key, Field extends string> = Omit<NonNullable<Key>, Field>;

/** A unique `where` in which the rest of a key that holds the tenant is enough: `{ title }`, or `{ tenantId_title: { title } }`. */
type OwnWhere<Where, Field extends string, Key = TenantKey<Where, Field>> = Key extends keyof Where
  ?
      | ({ [Name in Key]: Rest<Where[Key], Field> & { [Name in Field]?: string } } & Partial<Omit<Where, Key>>)
      | (Rest<Where[Key], Field> & Partial<Omit<Where, keyof Rest<Where[Key], Field>>>)
  : never;

/** The arguments of an operation with such a `where` or cursor. */
type OwnArgs<Args, Field extends string> = Args extends { where: infer Where }
  ? Omit<Args, 'where'> & { where: OwnWhere<Where, Field> }
  : Args extends { cursor?: infer Cursor }
    ? Omit<Args, 'cursor'> & { cursor: OwnWhere<NonNullable<Cursor>, Field> }
    : never;

type ByKey = 'findUnique' | 'findUniqueOrThrow' | 'update' | 'upsert' | 'delete';
type ByCursor = 'findMany' | 'findFirst' | 'findFirstOrThrow';

/** As Prisma's own `SelectSubset`. */
type Subset<Given, Args> = { [Key in keyof Given]: Key extends keyof Args ? Given[Key] : never } & (Given extends {
  select: unknown;
  include: unknown;
}
  ? 'Please either choose `select` or `include`.'
  : unknown);

type NullOf<Name> = Name extends 'findUnique' | 'findFirst' ? null : never;

/** Beside those of Prisma, the same operations of a model by a key without its tenant. */
export type ByOwnKey<TypeMap extends Types.Extensions.TypeMapDef, Model extends PropertyKey, Field extends string> = {
  [Name in ByKey | ByCursor]: <Given extends OwnArgs<TypeMap['model'][Model]['operations'][Name]['args'], Field>>(
    args: Subset<Given, OwnArgs<TypeMap['model'][Model]['operations'][Name]['args'], Field>>,
  ) => Types.Extensions.DynamicModelExtensionFnResult<TypeMap, Model, Given, Name, NullOf<Name>>;
};

/** True when a model has a unique key that holds the tenant. */
export type HasTenantKey<
  TypeMap extends Types.Extensions.TypeMapDef,
  Model extends PropertyKey,
  Field extends string,
> = [TenantKey<TypeMap['model'][Model]['operations']['findUnique']['args']['where'], Field>] extends [never]
  ? false
  : true;
