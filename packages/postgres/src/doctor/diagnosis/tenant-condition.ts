import { columnSpellings, type TenantColumnType, tenantCast } from '../../policies/policy-body.js';
import { quoteLiteral } from '../../policies/quoting.js';
import type { TenantReading } from './tenant-functions.js';

/**
 * True when `expression`, as `pg_get_expr` prints it, lets through no row but those of the tenant that the setting names: one of what it
 * joins by AND says so. An equation may stand either way round, and ask for the setting in a subselect.
 */
export function narrowsToTenant(
  expression: string | null,
  column: string,
  type: TenantColumnType,
  setting: string,
  readings: readonly TenantReading[] = [],
): boolean {
  if (expression === null) return false;
  const lower = setting.toLowerCase();
  const asked = expression.replace(ASKED, (call) => call.toLowerCase()).replace(ALIAS, ' AS value)');
  const columns = columnSpellings(column, type);
  const equations = new Set(
    [...valuesOf(type, quoteLiteral(lower)), ...callsOf(type, readings)].flatMap((value) =>
      columns.flatMap((one) => [`(${one} = ${value})`, `(${value} = ${one})`]),
    ),
  );
  return conjuncts(asked).some((one) => equations.has(one));
}

/** PostgreSQL finds a setting of one's own in any case. */
const ASKED = /current_setting\('(?:[^']|'')*'::text/g;

/** The name that a subselect gives its only column, which nothing asks for. */
const ALIAS = / AS (?:\w+|"(?:[^"]|"")*")\)/g;

/** Every way in which the tenant's id is asked for. Without NULLIF only where the cast of an empty setting is an error: else it is an id. */
function valuesOf(type: TenantColumnType, name: string): string[] {
  const cast = tenantCast(type);
  const settings = [`current_setting(${name}::text, true)`, `current_setting(${name}::text)`];
  const plain = [...settings.map((one) => `NULLIF(${one}, ''::text)`), ...(cast === '' ? [] : settings)];
  return plain.flatMap((value) => spellings(value, cast));
}

/** The calls of functions that answer the tenant's id, in the type of the column. */
function callsOf(type: TenantColumnType, readings: readonly TenantReading[]): string[] {
  const cast = tenantCast(type);
  return readings.flatMap(({ calls, type: returned, nulls }) => {
    const isText = returned === 'text' || returned === 'varchar';
    if (cast === '' ? !isText || !nulls : !isText && returned !== type) return [];
    const own = cast === '' ? (returned === 'varchar' ? '::text' : '') : isText ? cast : '';
    return calls.flatMap((call) => spellings(call, own));
  });
}

/** A value as it is, or in a subselect. */
function spellings(value: string, cast: string): string[] {
  const selected = (one: string) => `( SELECT ${one} AS value)`;
  if (cast === '') return [value, selected(value)];
  return [`(${value})${cast}`, selected(`(${value})${cast}`), `(${selected(value)})${cast}`];
}

/** The operands that an expression joins by AND, and those that they join in turn; the expression itself where it joins none. */
function conjuncts(expression: string): string[] {
  const inner = enclosed(expression);
  if (inner === undefined) return [expression];
  const parts = [''];
  let depth = 0;
  for (const [token] of inner.matchAll(TOKEN)) {
    if (token === '(') depth += 1;
    if (token === ')') depth -= 1;
    if (depth === 0 && token === ' AND ') parts.push('');
    else parts[parts.length - 1] += token;
  }
  return parts.length === 1 ? [expression] : parts.flatMap(conjuncts);
}

const TOKEN = /'(?:[^']|'')*'|"(?:[^"]|"")*"| AND |[\s\S]/g;

/** The text between the brackets, where the first one is closed by the last. */
function enclosed(expression: string): string | undefined {
  let depth = 0;
  let at = 0;
  for (const [token] of expression.matchAll(TOKEN)) {
    if (token === '(') depth += 1;
    if (token === ')') depth -= 1;
    at += token.length;
    if (depth === 0) return token === ')' && at === expression.length ? expression.slice(1, -1) : undefined;
  }
  return undefined;
}
