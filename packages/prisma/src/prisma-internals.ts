/**
 * Members of Prisma 7 that are not public, read here alone, so that an upgrade of Prisma is one diff. Nothing of it is promised: whoever
 * takes a member checks what it is, and refuses where it is not there.
 *
 * See `getPrismaClient.ts` of https://github.com/prisma/prisma/tree/main/packages/client/src/runtime.
 */
export interface PrismaInternals {
  readonly version: unknown;
  readonly provider: unknown;
  /** The extensions that `$extends` was called with so far. */
  readonly extensions: { isEmpty?(): boolean } | undefined;
  /** The fields that the client's option `omit` leaves out of every result, by the property of the model. */
  readonly omit: Readonly<Record<string, Readonly<Record<string, boolean>>>> | undefined;
  readonly previewFeatures: readonly string[] | undefined;
  readonly errorFormat: string | undefined;
  /** The client's driver adapter: its pool, or the options that it makes one of. */
  readonly adapter: PrismaAdapter | null | undefined;
  /** The text of the schema that the client was generated from. */
  readonly schemaText: unknown;
  readonly models: Readonly<Record<string, { readonly fields?: readonly RuntimeField[] }>> | null | undefined;
}

export interface PrismaAdapter {
  readonly provider?: unknown;
  readonly externalPool?: unknown;
  readonly config?: object;
}

/** A field of a model, as a client knows it. */
export interface RuntimeField {
  readonly name: string;
  readonly kind: string;
  readonly type: string;
  readonly relationName?: string;
}

interface Private {
  readonly _clientVersion?: unknown;
  readonly _activeProvider?: unknown;
  readonly _extensions?: PrismaInternals['extensions'];
  readonly _globalOmit?: PrismaInternals['omit'];
  readonly _previewFeatures?: readonly string[];
  readonly _errorFormat?: string;
  readonly _engineConfig?: { readonly adapter?: PrismaAdapter | null; readonly inlineSchema?: unknown };
  readonly _runtimeDataModel?: { readonly models?: PrismaInternals['models'] };
}

/** The private members of a client; all of them undefined where it is none. */
export function internalsOf(prisma: unknown): PrismaInternals {
  const client = (prisma ?? {}) as Private;
  return {
    version: client._clientVersion,
    provider: client._activeProvider,
    extensions: client._extensions,
    omit: client._globalOmit,
    previewFeatures: client._previewFeatures,
    errorFormat: client._errorFormat,
    adapter: client._engineConfig?.adapter,
    schemaText: client._engineConfig?.inlineSchema,
    models: client._runtimeDataModel?.models,
  };
}

/** True for another column of the same row, as `prisma.job.fields.title`. Prisma itself checks that it is one. */
export function isFieldReference(value: object): boolean {
  return typeof (value as { readonly _toGraphQLInputType?: unknown })._toGraphQLInputType === 'function';
}

/** True for a value that Prisma names, as `Prisma.DbNull` and `Prisma.JsonNull`. */
export function isNamedValue(value: object): boolean {
  return typeof (value as { readonly _getName?: unknown })._getName === 'function';
}
