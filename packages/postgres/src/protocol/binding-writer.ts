import { type Binding, CLOSE_QUERY } from './binding.js';
import type { Connection } from './connection.js';

/**
 * Writes bindings to one connection in the cheapest form that is safe on it.
 *
 * A binding that is kept spares PostgreSQL the parsing of each, but behind a pooler the statement is on one server and the
 * next query on another. So the first binding of a connection asks for the id of the server process: a pooler tells its
 * clients an id of its own, and only where both are the same is anything kept.
 *
 * It is kept as the session's statement without a name, which no SQL can replace; the application's statements without a
 * name are given one, to leave the place free.
 */
export class BindingWriter {
  /** True when there is no pooler; `undefined` until the first binding was answered. */
  direct: boolean | undefined;
  #processId: string | undefined;
  /** The form of the binding that was written last. */
  #form: 'probing' | 'unlocking' | 'whole' | 'kept' = 'probing';
  /** The text of the session's statement without a name, where it is known to be a binding's. */
  #kept: string | undefined;
  #unlocks = false;
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** The id that the server introduced itself with. */
  set processId(id: number) {
    this.#processId = String(id);
  }

  /** @returns true when the statement that follows must not be the one without a name */
  write(binding: Binding): boolean {
    this.#form = this.direct === undefined ? 'probing' : !this.direct ? 'whole' : this.#unlocks ? 'unlocking' : 'kept';
    // Read each time: pg puts another stream in its place when it upgrades to TLS.
    const { stream } = this.#connection;
    // As pg does: the query then fails when the stream says why it ended.
    if (!stream.writable) return false;
    if (this.#form === 'kept' && this.#kept !== binding.statement) {
      this.#kept = undefined;
      stream.write(binding.keep);
    }
    stream.write(binding[this.#form]);
    if (this.#form === 'kept') return true;
    this.overwritten();
    return false;
  }

  /** For a statement that is sent without a binding. Returns as `write` does. */
  makeRoom(): boolean {
    const { stream } = this.#connection;
    if (this.#kept === undefined || !stream.writable) return false;
    stream.write(CLOSE_QUERY);
    return true;
  }

  /** Another statement without a name was sent, or a query of the simple protocol, which drops it. */
  overwritten(): void {
    this.#kept = undefined;
  }

  /** @param unlocks - whether the next binding has to unlock what is locked for the session */
  afterReset(unlocks: boolean): void {
    this.#kept = undefined;
    this.#unlocks = unlocks;
  }

  /** The server has parsed `binding`. What is parsed outlives an error, and the end of a transaction. */
  parsed(binding: Binding): void {
    if (this.#form === 'kept') this.#kept = binding.statement;
  }

  /** True when `row` is the reply that `binding` is due: its values, as PostgreSQL took them. */
  isReceipt(row: readonly (string | null)[] | undefined, { receipt }: Binding): boolean {
    const extra = this.#form === 'probing' || this.#form === 'unlocking' ? 1 : 0;
    if (row?.length !== receipt.length + extra) return false;
    for (let index = 0; index < receipt.length; index += 1) if (row[index] !== receipt[index]) return false;
    if (this.#form === 'probing') this.direct = row[receipt.length] === this.#processId;
    if (this.#form === 'unlocking') this.#unlocks = false;
    return true;
  }

  /** It is not there, whatever became of it. */
  failed(code: string | undefined): void {
    if (code === INVALID_STATEMENT_NAME) this.#kept = undefined;
  }
}

const INVALID_STATEMENT_NAME = '26000';
