import { TenantSwitchRefusedError } from '@tenancy/core';
import { TenantFloorError } from '../errors/tenant-floor-error.js';
import type { Binding } from './binding.js';
import { firstWord, statementKind } from './statement.js';

/**
 * Why a statement of a tenant is not sent, or `undefined` when it is.
 *
 * @param truncates - whether a table is the tenant's alone, so that it may be emptied
 */
export function refuseStatement(text: string | undefined, binding: Binding, truncates: boolean): Error | undefined {
  if (text === undefined) {
    return refused('a query without text', 'Nothing is known about what it does. Pass the SQL as `text`.');
  }
  switch (statementKind(text)) {
    case 'copy':
      return refused('COPY', 'It has a protocol of its own. Insert the rows, or read them with a cursor.');
    case 'listen':
      return refused(
        'LISTEN',
        'A channel belongs to no tenant, and the session would go on listening for the next one. ' +
          'Listen on a connection of the admin pool.',
      );
    case 'truncate':
      if (truncates) break;
      return refused('TRUNCATE', 'It ignores row-level security and empties the table of every tenant. Use DELETE.');
    case 'stateful':
      if (/\bowned\b/i.test(text) && /^(?:drop|reassign)$/.test(firstWord(text))) {
        return refused('DROP OWNED', 'It takes the role’s rights and policies away from every tenant.');
      }
  }
  return setsBinding(text, binding) ? new TenantSwitchRefusedError(SWITCH) : undefined;
}

const SWITCH =
  'SQL tried to set what binds a query to its tenant. The pool binds every query by itself: leave `set_config`, `SET` ' +
  'and `RESET` of that setting out.';

/** It would not hold for the next statement, which is bound anew, but it could for the rest of this one. */
function setsBinding(text: string, { settings }: Binding): boolean {
  if (!/set/i.test(text)) return false;
  const lower = text.toLowerCase();
  if (lower.includes('set_config')) return settings.some((setting) => lower.includes(setting));
  if (!BEGINS_LIKE_SET.has(firstWord(text))) return false;
  const bare = lower.replace(/(?:\/\*.*?\*\/|--[^\r\n]*|[\s;]+)+/gs, ' ').replaceAll('"', '');
  const set = /^ ?(?:alter (?:role|user|database) .*)?\b(?:re)?set (?:local |session )?([\w.]+)/.exec(bare);
  return set?.[1] !== undefined && settings.includes(set[1]);
}

const BEGINS_LIKE_SET: ReadonlySet<string> = new Set(['set', 'reset', 'alter']);

function refused(what: string, why: string): TenantFloorError {
  return new TenantFloorError('statement_refused', `${what} cannot be bound to one tenant. ${why}`);
}
