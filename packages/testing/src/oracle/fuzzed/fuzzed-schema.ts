/** The `tenancySchema` that the generator `tenancy-prisma` writes, as far as the fuzzing reads it. */
export interface FuzzedPrismaSchema {
  readonly models: Readonly<Record<string, readonly FuzzedPrismaField[]>>;
  /** The keys that identify a row of each model: the primary key first. */
  readonly keys?: Readonly<Record<string, readonly FuzzedPrismaKey[]>>;
}

/** A unique key of a model. */
export interface FuzzedPrismaKey {
  /** Its name in a `where`. */
  readonly name: string;
  readonly fields: readonly string[];
}

/** A field of a model, as the generator of `@tenancy/prisma` writes it down. */
export interface FuzzedPrismaField {
  readonly name: string;
  readonly type: string;
  readonly isList: boolean;
  readonly isRequired: boolean;
  readonly nativeType: string | null;
  readonly relation: {
    readonly name: string;
    /** The foreign key, on the side that holds it. */
    readonly fields: readonly string[];
    readonly references: readonly string[];
  } | null;
}
