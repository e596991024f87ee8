import { type Tenant, type TenantContext, TenantContextMissingError } from '@tenancy/core';
import { BLANK, isConstant, LONGEST } from './constant.js';
import { firstWord } from './statement.js';

/** Where the tenant comes from: a `TenantContext`, or anything that answers like one. */
export type TenantSource = Pick<TenantContext, 'current' | 'isActive'>;

/** Who asked for a connection: a tenant, or nobody, and then why there is none. */
export type Asker =
  | { readonly tenant: Tenant; readonly refusal?: undefined }
  | { readonly tenant: null; readonly refusal: unknown };

/**
 * C2: captured when a connection is asked for. A pool that is exhausted calls back in the async context of whoever gave
 * a connection back, which is another tenant's as often as not.
 */
export function captureAsker(context: TenantSource): Asker {
  try {
    const tenant = context.current();
    if (canBeSent(tenant?.id)) return { tenant };
    return { tenant: null, refusal: new TenantContextMissingError(UNUSABLE) };
  } catch (refusal) {
    return { tenant: null, refusal };
  }
}

const UNUSABLE =
  'the tenant of the context has no usable `id`: a non-empty string, well-formed and without NUL. ' +
  'Pass a tenant as the registry returns it.';

/** PostgreSQL takes no NUL, and two strings with lone surrogates can have the same bytes. */
function canBeSent(id: unknown): boolean {
  return typeof id === 'string' && id !== '' && !id.includes('\0') && id.isWellFormed();
}

/** What drivers and health checks ask before there is a tenant; none reads a table. */
const HARMLESS = new RegExp(
  `^${BLANK}*select${BLANK}+(?:version\\(\\)|\\*${BLANK}+from${BLANK}+current_(?:database|schema)\\(\\))${BLANK}*;?${BLANK}*$`,
  'i',
);

/** A transaction without a tenant can do nothing, but some libraries keep the connection when its first word is refused. */
const TRANSACTION: ReadonlySet<string> = new Set(['begin', 'start', 'commit', 'end', 'rollback']);

export function needsNoTenant(text: string | undefined): boolean {
  return (
    text !== undefined &&
    ((text.length < LONGEST && HARMLESS.test(text)) || isConstant(text) || TRANSACTION.has(firstWord(text)))
  );
}
