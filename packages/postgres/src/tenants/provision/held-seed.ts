import { TenantSwitchRefusedError } from '@tenancy/core';
import type { Client, ClientBase, DatabaseError } from 'pg';
import { refuseQuery, type Submitted, textOfQuery } from '../../connections/refuse-query.js';
import { TenantFloorError } from '../../errors/tenant-floor-error.js';
import { ask } from '../../protocol/ask.js';
import { type Connection, sendAsOne } from '../../protocol/connection.js';
import { endedTransaction } from './ended-transaction.js';
import { refuseSeed } from './refuse-seed.js';

/** The surroundings of the statements of a seed, which they leave as they are. */
export interface HeldPlace {
  readonly settings: readonly (readonly [name: string, value: string])[];
  readonly transaction: string;
  /** The role that the connection was opened as. */
  readonly login: string;
  /** True where nobody else's rows are in its tables. */
  readonly ownsTables: boolean;
}

const IS_HELD = `select pg_current_xact_id_if_assigned() = $1::xid8 as open, current_user = $2 and session_user = $3
  and (select bool_and(current_setting(name, true) = value) from unnest($4::text[], $5::text[]) s (name, value)) as held`;

const FAILED_TRANSACTION = '25P02';

/**
 * The connection of a place in the hands of a seed. Its login is that of whoever makes places; role, tenant and transaction are the seed's by what
 * was set alone. So each text is read as the tenant pool reads it, and before each statement and after the last the server says that all of it
 * is as it was.
 */
export class HeldSeed {
  readonly #client: Client;
  readonly #connection: Connection;
  readonly #place: HeldPlace;
  readonly #role: string;
  /** Statements that may not have been sent yet. */
  readonly #underWay = new Set<Promise<unknown>>();
  #left: Error | undefined;
  #isOver = false;
  #hasFailed = false;

  constructor(client: Client, place: HeldPlace, role: string) {
    this.#client = client;
    this.#connection = (client as unknown as { readonly connection: Connection }).connection;
    this.#place = place;
    this.#role = role;
  }

  /** @throws what the seed throws, and `tenant_switch_refused` or `operation_failed` where it has left what it runs in. */
  async run(seed: (client: ClientBase) => Promise<void>): Promise<void> {
    const connection: { query?: Connection['query'] } = this.#connection;
    // What only PostgreSQL can tell to be several statements it refuses so.
    connection.query = (text) => sendAsOne(this.#connection, text);
    try {
      await seed(this.#handed());
      this.#isOver = true;
      await Promise.allSettled(this.#underWay);
      await this.#look();
    } catch (error) {
      this.#hasFailed = true;
      throw this.#left ?? error;
    } finally {
      this.#isOver = true;
      delete connection.query;
    }
    if (this.#left) throw this.#left;
  }

  #handed(): ClientBase {
    const own: Readonly<Record<string | symbol, unknown>> = {
      query: (query: unknown, values: unknown, callback: unknown) => this.#query(query, values, callback),
      end: () =>
        Promise.reject(refused('The connection is that of the place, which goes on after a seed. Leave `end` out.')),
    };
    const handed: Client = new Proxy(this.#client, {
      get: (client, name) => {
        if (Object.hasOwn(own, name)) return own[name];
        const value: unknown = Reflect.get(client, name, client);
        if (typeof value !== 'function' || name === 'constructor') return value;
        return (...given: unknown[]) => {
          const answer: unknown = Reflect.apply(value, client, given);
          // `on` and its like answer with the client itself.
          return answer === client ? handed : answer;
        };
      },
    });
    return handed;
  }

  #query(query: unknown, values: unknown, callback: unknown): unknown {
    const submitted = query as Submitted & { readonly callback?: unknown };
    const send = (given: Error | undefined) => {
      // What the seed has not waited for must not be sent when its transaction has ended.
      const refusal = given ?? (this.#hasFailed ? released() : undefined);
      if (refusal) return refuseQuery(refusal, query, values, callback, this.#connection);
      return Reflect.apply(this.#client.query, this.#client, [query, values, callback]);
    };
    const refusal = this.#refusalOf(submitted);
    if (refusal) return send(refusal);
    const sent = this.#look().then(send);
    this.#underWay.add(sent);
    const over = () => this.#underWay.delete(sent);
    sent.then(over, over);
    if (typeof submitted.submit === 'function') return query;
    return [callback, values, submitted.callback].some((each) => typeof each === 'function') ? undefined : sent;
  }

  #refusalOf(query: string | Submitted | null): Error | undefined {
    if (this.#isOver) return released();
    const { settings, ownsTables } = this.#place;
    const text = textOfQuery(query, this.#connection.parsedStatements);
    return (
      this.#left ??
      refuseSeed(
        text,
        settings.map(([name]) => name),
        ownsTables,
      )
    );
  }

  /** @returns why no statement is sent any more */
  async #look(): Promise<Error | undefined> {
    const { transaction, login, settings } = this.#place;
    try {
      const [row] = await ask<'open' | 'held'>(this.#client, IS_HELD, [
        ...[transaction, this.#role, login],
        ...[settings.map(([name]) => name), settings.map(([, value]) => value)],
      ]);
      if (row?.open !== 't') this.#left ??= endedTransaction();
      else if (row.held !== 't') this.#left ??= new TenantSwitchRefusedError(LEFT);
    } catch (error) {
      // Of a transaction that failed the statement itself tells, and a savepoint may lead out of it.
      if ((error as DatabaseError).code !== FAILED_TRANSACTION) return error as Error;
    }
    return this.#left;
  }
}

const LEFT =
  'a statement of the seed has set the role, the tenant or the schema anew, as a function can. What came after it was not run, and nothing of it is left. ' +
  'Let the seed leave them alone.';

function released(): TenantFloorError {
  return new TenantFloorError(
    'connection_released',
    'a query was sent on the connection of a seed that has ended. Wait for each query, and do not keep the connection.',
  );
}

function refused(explanation: string): TenantFloorError {
  return new TenantFloorError('statement_refused', explanation);
}
