/** The part of graphql-js's types that is looked at. */
export interface GraphType {
  readonly name?: string;
  readonly ofType?: GraphType;
  getFields?(): Readonly<Record<string, GraphField>>;
  getValues?(): readonly { readonly name: string }[];
  /** Of an interface and of a union, something; of an object, too. */
  readonly resolveType?: unknown;
  getTypes?(): readonly GraphType[];
  toString(): string;
}

export interface GraphField {
  readonly name: string;
  readonly type: GraphType;
  readonly args?: readonly GraphArgument[];
}

export interface GraphArgument {
  readonly name: string;
  readonly type: GraphType;
  readonly defaultValue?: unknown;
}

export interface GraphSchema {
  getQueryType(): GraphType | null | undefined;
  getMutationType(): GraphType | null | undefined;
  getSubscriptionType(): GraphType | null | undefined;
  getPossibleTypes?(type: GraphType): readonly GraphType[];
}

/** Without its `!` and `[]`. */
export function bare(type: GraphType): GraphType {
  return type.ofType ? bare(type.ofType) : type;
}

/** True when it must be given: not null, and nothing else to fall back on. */
export function isRequired({ type, defaultValue }: Pick<GraphArgument, 'type' | 'defaultValue'>): boolean {
  return String(type).endsWith('!') && defaultValue === undefined;
}
