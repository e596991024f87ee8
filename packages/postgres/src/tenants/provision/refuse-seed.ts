import { TenantSwitchRefusedError } from '@tenancy/core';
import { TenantFloorError } from '../../errors/tenant-floor-error.js';
import { type CarriedText, carriedTexts, RUNS_TEXT } from '../../statement/carried-texts.js';
import { refuseStatement, setByStatement } from '../../statement/refuse-statement.js';
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
  const texts = carriedTexts(text);
  if (setsRole(texts)) return new TenantSwitchRefusedError(ROLE);
  if (endsTransaction(text)) return new TenantFloorError('statement_refused', TRANSACTION);
  if (texts.some(({ bare }) => UNREAD.test(bare))) return new TenantFloorError('statement_refused', PUT_TOGETHER);
  if (texts.some(({ statements }) => statements.some(makesCode)))
    return new TenantFloorError('statement_refused', CODE);
  return undefined;
}

const ROLE =
  "SQL of a seed tried to set the role. It runs as the application's, which policies hold: leave `SET ROLE`, `RESET ROLE`, `SET SESSION AUTHORIZATION` and " +
  '`set_config` of them out, and let the migrations do what only the owner may.';

const TRANSACTION =
  'a seed cannot begin or end a transaction: it runs in that of the place, which is committed with it or not at all. Leave BEGIN, COMMIT and ROLLBACK ' +
  'out, and use a savepoint for what may fail.';

const PUT_TOGETHER =
  'a seed runs a text, or sets a setting, whose words are put together when it runs: nobody can tell what it does as the owner of the place, who is ' +
  'behind a seed. Write EXECUTE, `set_config` and `query_to_xml` with a constant, or let the seed send the statement itself.';

const CODE =
  'a seed writes rows, and cannot make functions, views, rules or triggers, which would run as the owner of the place. Leave them to the migrations.';

function setsRole(texts: readonly CarriedText[]): boolean {
  return [...setByStatement(texts), ...texts.flatMap(setByFunction)].some((name) => ROLES.has(name.toLowerCase()));
}

/** The settings that are named to `set_config` by a constant. */
function setByFunction({ bare, strings }: CarriedText): readonly string[] {
  const calls = [...bare.matchAll(/\bset_config ?\( ?(?='')/g)];
  return calls.flatMap(({ index }) => strings[bare.slice(0, index).split(`''`).length - 1] ?? []);
}

/** As they are read behind SET, SET LOCAL and SET SESSION. */
const ROLES: ReadonlySet<string> = new Set(['role', 'session_authorization', 'authorization', 'session']);

/** A text that is run, or a setting that is named, by more than a constant; in an EXECUTE of a prepared statement that is its name. */
const CONSTANT = String.raw`''(?:::\w+)? ?`;
const UNREAD = new RegExp(
  [
    String.raw`\bset_config ?\((?! ?${CONSTANT},)`,
    String.raw`(?:\b(?:begin|then|else|loop|query|for|in)|;) ?execute (?!${CONSTANT}(?:;|into|using|loop|$))`,
    String.raw`\b(?:${[...RUNS_TEXT].join('|')}) ?\((?! ?${CONSTANT}[,)])`,
  ].join('|'),
);

/** Whatever makes something in a schema but tables. */
function makesCode(statement: string): boolean {
  return (
    firstWord(statement) === 'create' &&
    !/^create (?:(?:global |local )?temp(?:orary)? |unlogged )?(?:table|sequence|(?:unique )?index)\b/.test(statement)
  );
}

const BEGINS_OR_ENDS: ReadonlySet<string> = new Set(['begin', 'start', 'commit', 'end', 'abort']);

function endsTransaction(text: string): boolean {
  const first = firstWord(text);
  return (
    BEGINS_OR_ENDS.has(first) ||
    (first === 'rollback' && !/^\W*rollback (?:(?:work|transaction) )?to /.test(readSql(text).bare))
  );
}
