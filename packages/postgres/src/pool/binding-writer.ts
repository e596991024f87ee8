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
  #probing = false;
  readonly #prepared = new Set<string>();
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** The id that the server introduced itself with. */
  set processId(id: number) {
    this.#processId = String(id);
  }

  write(binding: Binding): void {
    // Read each time: pg puts another stream in its place when it upgrades to TLS.
    const { stream } = this.#connection;
    this.#probing = this.#direct === undefined;
    if (this.#probing) stream.write(binding.probe);
    else if (!this.#direct) stream.write(binding.unnamed);
    else {
      if (!this.#prepared.has(binding.statement)) stream.write(binding.prepare);
      stream.write(binding.prepared);
    }
  }

  /** Whether `row` is the reply that `binding` is due: its values, as PostgreSQL took them. */
  isReceipt(row: readonly (string | null)[] | undefined, binding: Binding): boolean {
    const { receipt } = binding;
    if (row?.length !== receipt.length + (this.#probing ? 1 : 0)) return false;
    for (let index = 0; index < receipt.length; index += 1) if (row[index] !== receipt[index]) return false;
    if (this.#probing) this.#direct = row[receipt.length] === this.#processId;
    return true;
  }

  succeeded(binding: Binding): void {
    if (this.#direct && !this.#probing) this.#prepared.add(binding.statement);
  }

  failed(binding: Binding, code: string | undefined): void {
    // Somebody deallocated it, or it is there already: the next binding goes by what is so.
    if (code === INVALID_STATEMENT_NAME) this.#prepared.delete(binding.statement);
    if (code === DUPLICATE_PREPARED_STATEMENT) this.#prepared.add(binding.statement);
  }
}

const INVALID_STATEMENT_NAME = '26000';
const DUPLICATE_PREPARED_STATEMENT = '42P05';
