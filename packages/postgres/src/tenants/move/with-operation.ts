import type { Client, DatabaseError } from 'pg';
import { isTenantFloorError } from '../../errors/tenant-floor-error.js';
import type { TenantPlace } from '../../isolation/tenant-place.js';
import { Operation } from '../operations/operation.js';
import { connectToPlace } from '../places/connect.js';
import type { PlaceRecord } from '../provision/place-record.js';
import { isTenantsError, TenantsError } from '../tenants-error.js';
import type { MovedTenantOptions, MoveResult } from './move-options.js';

/** Steps that are done, in their order; `abandoning` comes in place of `switched`. */
export type MoveStep = '' | 'checked' | 'made' | 'copied' | 'abandoning' | 'switched' | 'settled';

/** All that a later run of a move needs to know. */
export interface MoveState {
  readonly from: TenantPlace;
  readonly to: TenantPlace;
  /** All that was written down of the making of the new place. */
  readonly record: PlaceRecord;
  readonly tables: MoveResult['tables'];
  readonly stopMillis: number;
  readonly rounds: number;
}

export type MoveOperation = Operation<MoveState>;

/**
 * Runs `work` with the connection that holds the tenant's lock. What fails is written down at the operation that `work` begins.
 */
export async function withOperation<R>(
  { directory }: Pick<MovedTenantOptions, 'directory'>,
  work: (lock: Client, begun: (operation: MoveOperation) => MoveOperation) => Promise<R>,
): Promise<R> {
  const lock = await connectToPlace(directory.database.config, 'the directory');
  let operation: MoveOperation | undefined;
  const begun = (one: MoveOperation) => {
    operation = one;
    return one;
  };
  try {
    return await work(lock, begun);
  } catch (error) {
    const known = explained(error, operation);
    await operation?.failed((known as Error).message).catch(() => {});
    throw known;
  } finally {
    await lock.end().catch(() => {});
  }
}

/** The move of a tenant that was left, whatever it is to. */
export async function leftMove({ directory, tenant }: MovedTenantOptions, lock: Client): Promise<MoveOperation> {
  const left = await Operation.resume<MoveState>(directory.database, lock, { tenant, kind: 'move' });
  if (left) return left;
  throw new TenantsError('tenant_state_refused', 'no move of this tenant was left unfinished. Nothing was done.');
}

/** Errors of the database that say what to do. Others are passed on as the cause: their texts may hold a row. */
function explained(error: unknown, operation: MoveOperation | undefined): unknown {
  if (isTenantsError(error) || isTenantFloorError(error)) return error;
  const { code, message, table, constraint } = error as Partial<DatabaseError>;
  if (code === '42501' && /row-level security/.test(message ?? '')) {
    return unusable(
      'the role that a server is reached by does not see every row there: policies hold it, too. Give it BYPASSRLS',
      error,
    );
  }
  if (code === '42501' && /session_replication_role/.test(message ?? '')) {
    return unusable(
      'the role may not switch triggers off for a transaction, without which the copy would run those of the application. At the new place, run ' +
        'as a superuser: GRANT SET ON PARAMETER session_replication_role TO that role',
      error,
    );
  }
  if (code === '23505') {
    return unusable(
      `another tenant's row has a value already that must be unique (${constraint} of ${table}). Make the tenant's column part of that key`,
      error,
    );
  }
  if (!operation) return error;
  return new TenantsError(
    'operation_failed',
    `the move failed after the step ${JSON.stringify(operation.step)}${code ? `, with SQLSTATE ${code}` : ''}; see the cause. ` +
      'What is done is written down: run it again with the same options, or end it with `abandonMove`.',
    { cause: error },
  );
}

function unusable(what: string, cause: unknown): TenantsError {
  return new TenantsError(
    'place_unusable',
    `${what}. The tenant is where it was. Then run again, or end it with \`abandonMove\`.`,
    {
      cause,
    },
  );
}
