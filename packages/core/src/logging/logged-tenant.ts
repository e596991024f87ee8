import { storage } from '../context/storage.js';

/** The name of the field that lines have. */
export const FIELD = 'tenantId';

/** The name of the attribute that spans, baggage and metrics have. */
export const ATTRIBUTE = 'tenant.id';

/** The `id` of the tenant of the work in hand; undefined without one, also in a request that was refused. */
export const loggedTenant = (): string | undefined => storage.getStore()?.tenant?.id;

/** `id` as a part of a line of text, which it cannot end, colour or turn around: what is no letter, digit or sign is written by its number. */
export const inOneLine = (id: string): string =>
  id.replaceAll(
    /[^\p{L}\p{N}!#$%&'*+,./:;<=>?@^_`|~()-]/gu,
    (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`,
  );
