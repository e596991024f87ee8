import { misconfigured } from '../errors/misconfigured.js';
import { TenantFloorError } from '../errors/tenant-floor-error.js';
import { SEVERAL_STATEMENTS } from '../statement/refuse-statement.js';
import type { Binding } from './binding.js';
import type { BackendMessage, TransactionStatus } from './connection.js';
import type { Phase } from './phase.js';

/**
 * Explains what the binding makes PostgreSQL refuse, with the reason and the fix; any other error stays as it is. The
 * server's own words are translated, so its codes are looked at.
 *
 * @param status - the connection's before the statement was sent
 * @param phase - `failed` where it is the binding that failed, so that the statement did not run
 * @param binding - without one nothing is bound yet, as at the start
 */
export function explained(
  error: BackendMessage,
  status: TransactionStatus,
  phase: Phase,
  binding: Pick<Binding, 'access'> | undefined,
): unknown {
  if (binding === undefined) return explainedAtStart(error);
  if (phase === 'failed' && typeof binding.access === 'object' && error.code === INVALID_VALUE) return behind(error);
  const explanation = isWrite(error, binding) ? READS_ALONE : explanationOf(error, status);
  return explanation === undefined ? error : new TenantFloorError('statement_refused', explanation, { cause: error });
}

/** The code of the binding on a server that is no replica, or has not replayed as far as it must have. */
const INVALID_VALUE = '22023';

function behind(cause: BackendMessage): TenantFloorError {
  return new TenantFloorError(
    'replica_behind',
    'the replica has not replayed what this read must see, or is none any more, so the query did not run there. Run the transaction again: ' +
      'it gets another connection. A single query of the pool is asked of the primary by itself.',
    { cause },
  );
}

/** As PostgreSQL refuses what writes, and what would allow it again. */
function isWrite({ code, routine }: BackendMessage, { access }: Pick<Binding, 'access'>): boolean {
  if (access === 'write') return false;
  return code === '25006' || (code === '25001' && routine !== 'PreventInTransactionBlock');
}

const READS_ALONE =
  'a statement that writes was sent within `reading`, where it may be asked of a replica, which cannot write. Send it outside of ' +
  '`reading`; SELECT … FOR UPDATE, nextval and functions that write count as writes, too.';

function explanationOf({ code, routine }: BackendMessage, status: TransactionStatus): string | undefined {
  if (code === '42601' && routine === 'exec_parse_message') return SEVERAL_STATEMENTS;
  // In a transaction of the application's own it would be refused without a binding, too.
  if (status !== 'I') return undefined;
  if (code === '2D000') {
    return (
      'a procedure or DO block that commits or rolls back cannot be bound to one tenant, because the binding ends with its ' +
      'transaction. Let it do one part for each CALL, or leave COMMIT to the caller: BEGIN, CALL, COMMIT.'
    );
  }
  if (code === '25001') {
    return (
      'a statement that must not run in a transaction (VACUUM, CREATE INDEX CONCURRENTLY, DISCARD ALL) cannot be bound to ' +
      'one tenant, because the binding is one transaction with it. Run it as the owner of the tables, outside the tenant pool.'
    );
  }
  return undefined;
}

/** Explains what a pooler does not know how to pass on, with the fix; any other error stays as it is. */
function explainedAtStart(error: BackendMessage): unknown {
  const [, parameter] = /^unsupported startup parameter(?: in options)?: (\w+)/.exec(error.message ?? '') ?? [];
  if (error.code !== '08P01' || parameter === undefined) return error;
  return misconfigured(
    `the pooler refuses the option \`${parameter}\` of the connection, as it could not keep it for one client. Leave it out of the pool's options and set it for the role ` +
      `(\`alter role app set ${parameter} = …\`); PgBouncer's \`ignore_startup_parameters\` would only have it dropped.`,
    { cause: error },
  );
}

/**
 * The error that is thrown in place of a reply that is not the one that is due.
 *
 * @param goodbye - what the server said when it ended the connection, if it did
 */
export function outOfStep(goodbye: BackendMessage | undefined): TenantFloorError {
  if (goodbye) return cutOff(goodbye);
  return new TenantFloorError(
    'connection_out_of_step',
    "the server's reply did not begin with this tenant's binding, so the connection was closed and the reply thrown away. " +
      'Something between here and PostgreSQL mixes up replies. Check the pooler: it must give all messages up to a Sync to one server ' +
      '(PgBouncer: `pool_mode = transaction` or `session`).',
  );
}

/** The same, of a reply that was cut off by a server that had said goodbye. */
function cutOff(goodbye: BackendMessage): TenantFloorError {
  return new TenantFloorError(
    'database_unreachable',
    `the server ended the connection in the middle of a reply (${goodbye.code}: ${goodbye.message}), so what had come of it was thrown ` +
      'away. The next query has another connection. Whether a statement that writes was done is not known: look before you repeat it.',
    { cause: goodbye },
  );
}

export function notReset(cause: BackendMessage): TenantFloorError {
  return new TenantFloorError(
    'connection_not_reset',
    'what the tenant before may have left on the connection could not be undone, so the connection was closed and the ' +
      'reply thrown away. See the cause; the next query has another connection.',
    { cause },
  );
}

/** True when the server, or a pooler, says goodbye with it: that is to be told as it is. */
export function endsConnection({ code = '' }: BackendMessage): boolean {
  return code.startsWith('57P') || code.startsWith('08');
}
