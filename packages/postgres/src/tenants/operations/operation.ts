import type { ClientBase } from 'pg';
import { checksumOf } from '../../changes/plan/record.js';
import type { DirectoryDatabase } from '../directory/directory-database.js';
import { TenantsError } from '../tenants-error.js';

/** An operation on a tenant that takes more than one transaction. */
export type OperationKind = 'provision' | 'import' | 'delete' | 'move';

interface Row {
  readonly id: string;
  readonly kind: OperationKind;
  readonly definition: string;
  readonly step: string;
  readonly state: string;
}

/**
 * The record of an operation: what it was begun with, the step that is done, and what the next one needs to know. It is written before and
 * after each step, so that one that was killed goes on where it was. One tenant has one at a time.
 */
export class Operation<State extends object> {
  readonly #database: DirectoryDatabase;
  readonly #id: string;
  /** True where it was begun by an earlier call. */
  readonly isResumed: boolean;
  #step: string;
  #state: State;

  private constructor(database: DirectoryDatabase, { id, step, state }: Row, isResumed: boolean) {
    this.#database = database;
    this.#id = id;
    this.isResumed = isResumed;
    this.#step = step;
    this.#state = JSON.parse(state);
  }

  /** The step that is done, and empty before the first. */
  get step(): string {
    return this.#step;
  }

  get state(): State {
    return this.#state;
  }

  /**
   * Begins an operation, or goes on with the same that was left unfinished. The caller's `client`, of the directory's database, holds the tenant's
   * lock until it is closed: two never work on one tenant at once.
   *
   * @throws TenantsError `tenant_busy` where another one is under way or was left; `operation_differs` where it was begun with another definition.
   */
  static async begin<State extends object>(
    database: DirectoryDatabase,
    client: ClientBase,
    { tenant, kind, definition, state }: { tenant: string; kind: OperationKind; definition: object; state: State },
  ): Promise<Operation<State>> {
    const left = await Operation.#left(database, client, tenant);
    if (left) return new Operation<State>(database, same(left, kind, definition), true);
    const [row] = await database.ask<Row>(
      `insert into {s}.operation (tenant_id, kind, definition, state) values ($1, $2, $3, $4)
        returning id, kind, definition::text as definition, step, state::text as state`,
      [tenant, kind, JSON.stringify(definition), JSON.stringify(state)],
      client,
    );
    return new Operation<State>(database, row as Row, false);
  }

  /**
   * Goes on with one of these kinds that was left unfinished, whatever it was begun with.
   *
   * @returns null where there is none
   * @throws TenantsError `tenant_busy` where another one is under way or was left.
   */
  static async resume<State extends object>(
    database: DirectoryDatabase,
    client: ClientBase,
    { tenant, kinds }: { tenant: string; kinds: readonly OperationKind[] },
  ): Promise<Operation<State> | null> {
    const left = await Operation.#left(database, client, tenant);
    return left && new Operation<State>(database, oneOf(left, kinds), true);
  }

  /** Locks the tenant, and looks for what was left. */
  static async #left(database: DirectoryDatabase, client: ClientBase, tenant: string): Promise<Row | null> {
    const [lock] = await database.ask<{ held: string }>(
      `select pg_try_advisory_lock(hashtextextended('@tenancy operation ' || $1, 0)) as held`,
      [tenant],
      client,
    );
    if (lock?.held !== 't') {
      throw new TenantsError(
        'tenant_busy',
        'another process is at work on this tenant. Nothing was done. Wait until it has ended.',
      );
    }
    const [left] = await database.ask<Row>(
      `select id, kind, definition::text as definition, step, state::text as state from {s}.operation
        where tenant_id = $1 and ended_at is null`,
      [tenant],
      client,
    );
    return left ?? null;
  }

  /** Writes that `step` is done, in the transaction of `on` where there is one. */
  async done(step: string, state: Partial<State> = {}, on?: ClientBase): Promise<void> {
    const next = { ...this.#state, ...state };
    await this.#database.ask(
      'update {s}.operation set step = $2, state = $3, failure = null, changed_at = clock_timestamp() where id = $1',
      [this.#id, step, JSON.stringify(next)],
      on,
    );
    this.#step = step;
    this.#state = next;
  }

  async failed(failure: string): Promise<void> {
    await this.#database.ask('update {s}.operation set failure = $2, changed_at = clock_timestamp() where id = $1', [
      this.#id,
      failure,
    ]);
  }

  async end(on?: ClientBase): Promise<void> {
    await this.#database.ask(
      'update {s}.operation set ended_at = clock_timestamp(), changed_at = clock_timestamp(), failure = null where id = $1',
      [this.#id],
      on,
    );
  }
}

function oneOf(left: Row, kinds: readonly OperationKind[]): Row {
  if (!kinds.includes(left.kind)) {
    throw new TenantsError(
      'tenant_busy',
      `a ${left.kind} of this tenant was left unfinished${left.step === '' ? '' : ` after the step "${left.step}"`}. Nothing was done. ` +
        'Run that again with the same options, which finishes it.',
    );
  }
  return left;
}

function same(left: Row, kind: OperationKind, definition: object): Row {
  oneOf(left, [kind]);
  if (checksumOf(JSON.parse(left.definition)) !== checksumOf(definition)) {
    throw new TenantsError(
      'operation_differs',
      `a ${kind} of this tenant was left unfinished, and was begun with other options. Nothing was done. Run it again with those: ${left.definition}.`,
    );
  }
  return left;
}
