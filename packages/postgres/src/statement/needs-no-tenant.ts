import { SQL_BLANK as BLANK, isConstant } from '@tenancy/core/adapter';
import { firstWord } from './statement-kind.js';

/** In UTF-16 units. What is longer is no health check, and costs time. */
const LONGEST = 500;

/** Queries that drivers and health checks send before there is a tenant; none reads a table. */
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
