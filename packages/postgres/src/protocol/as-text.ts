import { types } from 'pg';

/** Leaves what came as text: for queries of this library, which no type parser of the application's reads. */
export const AS_TEXT = { getTypeParser: () => String } as unknown as typeof types;

/** The same for text alone, on a connection that others may read from as well. */
export const TEXT_AS_TEXT = {
  getTypeParser: (oid: number, format: 'text') =>
    oid === types.builtins.TEXT ? String : types.getTypeParser(oid, format),
} as unknown as typeof types;
