import type { Binding } from './binding.js';
import type { Connection } from './connection.js';

/**
 * Writes bindings to one connection in the cheapest form that is safe on it.
 *
 * A prepared binding spares PostgreSQL the parsing of each, but behind a pooler the statement is on one server and the
 * next query on another. So the first binding of a connection asks for the id of the server process: a pooler tells its
 * clients an id of its own, and only where both are the same is anything prepared.
 */
export class BindingWriter {
  #processId: string | undefined;
  /** `undefined` until the first binding was answered. */
  #direct: boolean | undefined;
  /** The form of the binding that was written last. */
  #form: 'probe' | 'unnamed' | 'prepared' = 'probe';
  readonly #prepared = new Set<string>();
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** The id that the server introduced itself with. */
  set processId(id: number) {
    this.#processId = String(id);
  }

  /** @param prepares - whether what is prepared on the session can be relied on */
  write(binding: Binding, prepares: boolean): void {
    // Read each time: pg puts another stream in its place when it upgrades to TLS.
    const { stream } = this.#connection;
    this.#form = this.#direct === undefined ? 'probe' : this.#direct && prepares ? 'prepared' : 'unnamed';
    // As pg does: the query then fails when the stream says why it ended.
    if (!stream.writable) return;
    if (this.#form !== 'prepared') stream.write(binding[this.#form]);
    else {
      if (!this.#prepared.has(binding.statement)) stream.write(binding.prepare);
      stream.write(binding.prepared);
    }
  }

  /** The server has parsed `binding`. What is prepared outlives an error, and the end of a transaction. */
  parsed(binding: Binding): void {
    if (this.#form === 'prepared') this.#prepared.add(binding.statement);
  }

  /** Whether `row` is the reply that `binding` is due: its values, as PostgreSQL took them. */
  isReceipt(row: readonly (string | null)[] | undefined, binding: Binding): boolean {
    const { receipt } = binding;
    const probing = this.#form === 'probe';
    if (row?.length !== receipt.length + (probing ? 1 : 0)) return false;
    for (let index = 0; index < receipt.length; index += 1) if (row[index] !== receipt[index]) return false;
    if (probing) this.#direct = row[receipt.length] === this.#processId;
    return true;
  }

  failed(binding: Binding, code: string | undefined): void {
    // Somebody deallocated it.
    if (code === INVALID_STATEMENT_NAME) this.#prepared.delete(binding.statement);
    // Somebody else's statement has its name, and might bind to whom it likes.
    if (code === DUPLICATE_PREPARED_STATEMENT) this.#direct = false;
  }
}

const INVALID_STATEMENT_NAME = '26000';
const DUPLICATE_PREPARED_STATEMENT = '42P05';
