import type { AsyncResource } from 'node:async_hooks';
import { TenantFloorError } from '../errors/tenant-floor-error.js';
import type { Binding } from './binding.js';
import { BindingWriter } from './binding-writer.js';
import type { BackendMessage, Connection, TransactionStatus } from './connection.js';
import { statementKind } from './statement.js';

/**
 * - `idle`: nothing is on its way.
 * - `binding`: a query was sent, and the binding in front of it has not been answered yet.
 * - `query`: the reply that comes is the query's own.
 * - `broken`: the reply was not the one that was due; nothing of what still comes is believed.
 */
type Phase = 'idle' | 'binding' | 'query' | 'broken';

/**
 * The protocol of one connection, with the tenant's binding in front of every query and its reply taken out again, so
 * that what sits on top (queries of every form, cursors) sees its own messages and nothing else.
 *
 * C7: the first thing in every reply is the binding's receipt. If it is not this tenant's own, the connection is out of
 * step, and is closed before a single row is handed on.
 */
export class BoundProtocol {
  /** What the queries to come are bound to. `undefined`: they are sent as they are, as is right before there is a tenant. */
  binding: Binding | undefined;
  /** The async context that replies are handed on in; without it, the one that the socket was opened in. */
  scope: AsyncResource | undefined;
  /** Whether something may have stayed on the session that is not the next tenant's to see. */
  leavesState = false;
  #status: TransactionStatus = 'I';
  #phase: Phase = 'idle';
  #returnsNoRows = false;
  readonly #connection: Connection;
  readonly #bindings: BindingWriter;
  readonly #send: Pick<Connection, 'parse' | 'bind' | 'query'>;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#bindings = new BindingWriter(connection);
    this.#send = {
      parse: connection.parse.bind(connection),
      bind: connection.bind.bind(connection),
      query: connection.query.bind(connection),
    };
    connection.parse = (message) => {
      if (this.#phase === 'idle') this.#begin(message.text);
      this.#send.parse(message);
    };
    connection.bind = (message) => {
      // The first message of a named statement that was parsed before.
      if (this.#phase === 'idle') this.#begin(textOf(connection, message.statement));
      this.#send.bind(message);
    };
    connection.query = (text) => this.#query(text);
    const emit = connection.emit.bind(connection);
    // EventEmitter itself passes two arguments, with `newListener`; the protocol's messages are one.
    connection.emit = (event: string | symbol, first?: unknown, second?: unknown) => {
      if (typeof event === 'string' && this.#absorbs(event, first as BackendMessage)) return true;
      return this.scope ? this.scope.runInAsyncScope(emit, null, event, first, second) : emit(event, first, second);
    };
  }

  /** Whether the connection is as it was before its first query: nothing on its way, no transaction, nothing left. */
  get isClean(): boolean {
    return this.#phase === 'idle' && this.#status === 'I' && !this.leavesState;
  }

  #begin(text: string): void {
    this.#phase = 'query';
    this.#returnsNoRows = false;
    const { binding } = this;
    if (!binding) return;
    const kind = statementKind(text);
    if (kind === 'stateful') this.leavesState = true;
    if (kind === 'control') return;
    this.#phase = 'binding';
    this.#bindings.write(binding);
  }

  /**
   * A query without parameters uses the simple protocol, which has no place for a binding and takes several statements
   * at once. So it is sent as one statement of the extended protocol.
   */
  #query(text: string): void {
    if (!this.binding) {
      this.#phase = 'query';
      this.#send.query(text);
      return;
    }
    const connection = this.#connection;
    connection.stream.cork();
    try {
      connection.parse({ text });
      connection.bind({});
      connection.describe({ type: 'P' });
      connection.execute({});
      connection.sync();
    } finally {
      connection.stream.uncork();
    }
  }

  #absorbs(event: string, message: BackendMessage): boolean {
    switch (event) {
      case 'parseComplete':
      case 'bindComplete':
        return this.#phase === 'binding' || this.#phase === 'broken';
      case 'dataRow':
        return this.#phase === 'binding' ? this.#isOutOfStep(message.fields) : this.#phase === 'broken';
      case 'commandComplete':
        if (this.#phase === 'binding') {
          this.#phase = 'query';
          if (this.binding) this.#bindings.succeeded(this.binding);
          return true;
        }
        // `SELECT … INTO` is a SELECT that returns no rows, and may have made a temporary table.
        if (this.#returnsNoRows && message.text?.startsWith('SELECT')) this.leavesState = true;
        return this.#phase === 'broken';
      case 'noData':
        this.#returnsNoRows = true;
        return false;
      case 'errorMessage':
        if (this.#phase === 'binding' && this.binding) this.#bindings.failed(this.binding, message.code);
        explainSeveralStatements(message);
        return this.#phase === 'broken';
      case 'readyForQuery':
        if (this.#phase === 'broken') return true;
        this.#phase = 'idle';
        this.#status = message.status ?? 'I';
        return false;
      case 'rowDescription':
      case 'copyInResponse':
      case 'copyOutResponse':
        return this.#phase === 'binding' ? this.#isOutOfStep(undefined) : this.#phase === 'broken';
      case 'backendKeyData':
        this.#bindings.processId = message.processID ?? 0;
        return false;
      default:
        return false;
    }
  }

  /** Closes the connection unless `receipt` is the binding's own. Either way it is not handed on. */
  #isOutOfStep(receipt: readonly (string | null)[] | undefined): true {
    if (this.binding && this.#bindings.isReceipt(receipt, this.binding)) return true;
    this.#phase = 'broken';
    this.#connection.stream.destroy(
      new TenantFloorError(
        'connection_out_of_step',
        'the server’s reply did not begin with this tenant’s binding, so the connection was closed and the reply thrown ' +
          'away. Something between here and PostgreSQL mixes up replies: check the pooler.',
      ),
    );
    return true;
  }
}

function textOf({ parsedStatements, submittedNamedStatements }: Connection, name = ''): string {
  return parsedStatements[name] ?? submittedNamedStatements?.[name] ?? '';
}

/** The server's own words name neither the reason nor the fix. They are translated, so the place is looked at instead. */
function explainSeveralStatements(error: BackendMessage): void {
  if (error.code !== '42601' || error.routine !== 'exec_parse_message') return;
  error.message =
    'statement_refused: several statements in one text cannot be bound to one tenant. ' +
    'Send them one by one, in a transaction if they belong together.';
}
