import type { BindingWriter } from './binding-writer.js';
import type { BackendMessage, Connection, TransactionStatus } from './connection.js';
import { bindMessage, EXECUTE, parseMessage, queryMessage } from './messages.js';

/** In front of the binding and up to the same `Sync`: where it fails, all that follows is skipped. */
const BEGIN = Buffer.concat([parseMessage('', 'begin'), bindMessage('', []), EXECUTE]);

/** After that `Sync`, so that it is read whatever became of the statement; a failed transaction ends with it as well. */
const COMMIT = queryMessage('commit');
const ROLLBACK = queryMessage('rollback');

/**
 * The transaction around a `CALL` or `DO` that is in none of the application's own.
 *
 * Before version 18 PostgreSQL lets a procedure commit what is only a pipeline, and the rest of it would run bound to
 * nobody. In a transaction that was begun in so many words it refuses. So `BEGIN` is sent in front and `COMMIT` behind, in
 * the same round trip, and their replies are taken out again.
 */
export class Enclosure {
  #state: 'none' | 'beginning' | 'open' | 'ending' = 'none';
  #isEndSent = false;
  /** How the statement left the transaction: `T`, or `E` when it failed. */
  #left: TransactionStatus = 'T';
  readonly #connection: Connection;
  readonly #bindings: BindingWriter;

  constructor(connection: Connection, bindings: BindingWriter) {
    this.#connection = connection;
    this.#bindings = bindings;
  }

  begin(): void {
    // As pg does: the query then fails when the stream says why it ended.
    if (!this.#connection.stream.writable) return;
    this.#bindings.overwritten();
    this.#state = 'beginning';
    this.#isEndSent = false;
    this.#connection.stream.write(BEGIN);
  }

  /** A `Sync` was sent. @returns how many replies more are on their way */
  synced(): number {
    if (this.#state === 'none' || this.#isEndSent || !this.#connection.stream.writable) return 0;
    this.#isEndSent = true;
    this.#connection.stream.write(COMMIT);
    return 1;
  }

  /** Takes one message that is its own. @returns true when it was due; `undefined`: it is not its own. */
  take(event: string, message: BackendMessage): boolean | undefined {
    if (this.#state === 'beginning') {
      if (event === 'parseComplete' || event === 'bindComplete') return true;
      if (event !== 'commandComplete' && event !== 'errorMessage') return undefined;
      this.#state = 'open';
      return event === 'errorMessage' ? undefined : message.text === 'BEGIN';
    }
    if (this.#state !== 'ending' || event !== 'commandComplete') return undefined;
    // What was not committed is not reported as done.
    return message.text === (this.#left === 'E' ? 'ROLLBACK' : 'COMMIT');
  }

  /**
   * A reply has ended, with the transaction as `status` says.
   *
   * @returns how many replies more are on their way because of it; `undefined`: it is the statement's own end.
   */
  replied(status: TransactionStatus): number | undefined {
    if (this.#state === 'open') {
      this.#state = 'ending';
      this.#left = status;
      return 0;
    }
    if (this.#state !== 'ending') return undefined;
    this.#bindings.overwritten();
    if (status === 'I') {
      this.#state = 'none';
      return undefined;
    }
    // `COMMIT` itself was cancelled; whoever waits has the error.
    this.#left = 'E';
    this.#connection.stream.write(ROLLBACK);
    return 1;
  }
}
