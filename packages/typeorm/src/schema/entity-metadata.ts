/** The members read of TypeORM's metadata: the part that 0.3 and 1.x have in common. */
export interface EntityMetadataLike {
  readonly name: string;
  readonly target: unknown;
  readonly tableType: string;
  readonly columns: readonly ColumnMetadataLike[];
}

/** A column in TypeORM's metadata, of 0.3 and 1.x alike. */
export interface ColumnMetadataLike {
  /** Within embedded classes, with a dot: `owner.tenantId`. */
  readonly propertyPath: string;
  readonly propertyName?: string;
  /** The class that declares it: a base class, or an embedded one. */
  readonly target?: unknown;
  readonly isVirtualProperty: boolean;
}

/** A TypeORM `DataSource`, 0.3 or 1.x. */
export interface DataSourceLike {
  readonly isInitialized: boolean;
  readonly entityMetadatas: readonly EntityMetadataLike[];
}

/** An entity as it is named in options: its class, its `EntitySchema`, or its name. */
export type EntityReference =
  | string
  | (abstract new (
      ...args: never[]
    ) => unknown)
  | { readonly options: { readonly name: string } };

/** True when `reference` means this entity. */
export function refersTo(reference: EntityReference, { name, target }: EntityMetadataLike): boolean {
  if (typeof reference === 'string') return name === reference;
  if (typeof reference === 'function') return target === reference;
  return name === reference.options.name;
}

export function nameOf(reference: EntityReference): string {
  if (typeof reference === 'string') return JSON.stringify(reference);
  return typeof reference === 'function' ? reference.name : reference.options.name;
}
