import { type Client, DatabaseError } from 'pg';
import type { TenantPlace } from '../../isolation/tenant-place.js';
import { failedBy } from '../operations/failed-by.js';
import { Operation } from '../operations/operation.js';
import { connectToPlace } from '../places/connect.js';
import type { PlaceRecord } from '../provision/place-record.js';
import { TenantsError } from '../tenants-error.js';
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
  const left = await Operation.resume<MoveState>(directory.database, lock, { tenant, kinds: ['move'] });
  if (left) return left;
  throw new TenantsError('tenant_state_refused', 'no move of this tenant was left unfinished. Nothing was done.');
}

/** Says what to do about an error; one that is no database's, before a step was begun, is the caller's own. */
function explained(error: unknown, operation: MoveOperation | undefined): unknown {
  const { code, table, constraint } = error as Partial<DatabaseError>;
  if (code === '23505') {
    return new TenantsError(
      'place_unusable',
      `another tenant's row has a value already that must be unique (${constraint} of ${table}). Nothing was switched. Make the tenant's column part of that key.`,
      { cause: error },
    );
  }
  if (!operation) return error instanceof DatabaseError ? failedBy(error, 'the move', 'Nothing was done.') : error;
  const { step } = operation;
  return failedBy(
    error,
    `after the step ${JSON.stringify(step)} the move`,
    'What is done is written down; `abandonMove` takes it back.',
  );
}
