import { TenantSwitchRefusedError } from '@tenancy/core';
import { TenantFloorError } from '../../errors/tenant-floor-error.js';
import { bareText, namesAnyOf, refuseStatement, setByStatement } from '../../statement/refuse-statement.js';
import { readSql } from '../../statement/sql-text.js';
import { firstWord } from '../../statement/statement-kind.js';

/**
 * Why a statement of a seed is not sent, or `undefined` when it is: what the tenant pool refuses, and also what would make another role of the
 * one that the pool has by its login, or end the transaction of the place.
 *
 * @param bound - the names of the settings that hold the tenant
 * @param truncates - whether a table is the tenant's alone
 */
export function refuseSeed(text: string | undefined, bound: readonly string[], truncates: boolean): Error | undefined {
  const refusal = refuseStatement(text, bound, truncates);
  if (refusal || text === undefined) return refusal;
  if (setsRole(text)) return new TenantSwitchRefusedError(ROLE);
  if (endsTransaction(text)) return new TenantFloorError('statement_refused', TRANSACTION);
  return undefined;
}

const ROLE =
  "SQL of a seed tried to set the role. It runs as the application's, which policies hold: leave `SET ROLE`, `RESET ROLE`, `SET SESSION AUTHORIZATION` and " +
  '`set_config` of them out, and let the migrations do what only the owner may.';

const TRANSACTION =
  'a seed cannot begin or end a transaction: it runs in that of the place, which is committed with it or not at all. Leave BEGIN, COMMIT and ROLLBACK ' +
  'out, and use a savepoint for what may fail.';

function setsRole(text: string): boolean {
  const first = firstWord(text);
  if (first !== 'do' && setByStatement(text).some((name) => ROLES.has(name))) return true;
  // A block may have the column `role` of an UPDATE, of which SET ROLE has the sign in the rarest form alone.
  if (first === 'do' && SETS_ROLE.test(bareText(text))) return true;
  return (first === 'do' || readSql(text).called.has('set_config')) && namesAnyOf(["'role'", "'session_auth"], text);
}

/** As they are read behind SET, SET LOCAL and SET SESSION. */
const ROLES: ReadonlySet<string> = new Set(['role', 'session_authorization', 'authorization', 'session']);
const SETS_ROLE =
  /\b(?:reset (?:role|session.authorization)|set (?:(?:local |session )?session.authorization|(?:local |session )role|role(?! ?=)))\b/;

const BEGINS_OR_ENDS: ReadonlySet<string> = new Set(['begin', 'start', 'commit', 'end', 'abort']);

function endsTransaction(text: string): boolean {
  const first = firstWord(text);
  return (
    BEGINS_OR_ENDS.has(first) ||
    (first === 'rollback' && !/^ ?rollback (?:(?:work|transaction) )?to /.test(bareText(text)))
  );
}
