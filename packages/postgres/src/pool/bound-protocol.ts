import type { AsyncResource } from 'node:async_hooks';
import { TenantFloorError } from '../errors/tenant-floor-error.js';
import type { Binding } from './binding.js';
import { BindingWriter } from './binding-writer.js';
import type { BackendMessage, Connection, TransactionStatus } from './connection.js';
import { ReportedSettings } from './reported-settings.js';
import { statementKind } from './statement.js';

/**
 * - `idle`: nothing is on its way.
 * - `binding`: a query was sent, and the receipt of the binding in front of it is due.
 * - `bound`: the receipt came, and the end of the binding is due.
 * - `failed`: an error came in place of the binding, and the end of the reply is due.
 * - `control`: the reply to a statement that returns no rows is due.
 * - `query`: the reply that comes is the query's own.
 * - `broken`: the reply was not the one that was due; nothing of what still comes is believed.
 */
type Phase = 'idle' | 'binding' | 'bound' | 'failed' | 'control' | 'query' | 'broken';

/** What Cursor and the pg client listen to on the connection itself. */
const LISTENED = ['rowDescription', 'noData', 'readyForQuery'];

/** Not from the server, so they are told even when nothing of it is believed. */
const OWN_EVENTS: ReadonlySet<string> = new Set(['error', 'end', 'newListener', 'removeListener']);

/**
 * The protocol of one connection, with the tenant's binding in front of every query and its reply taken out again, so
 * that what sits on top (queries of every form, cursors) sees its own messages and nothing else.
 *
 * C7: the first thing in every reply is the binding's receipt. If it is not this tenant's own, the connection is out of
 * step, and is closed before a single row is handed on.
 */
export class BoundProtocol {
  /** Whether something may have stayed on the session that is not the next tenant's to see. */
  #leavesState = false;
  /** What the queries to come are bound to. `undefined`: they are sent as they are, as is right before there is a tenant. */
  #binding: Binding | undefined;
  /** The async context that replies are handed on in; without it, the one that the socket was opened in. */
  #scope: AsyncResource | undefined;
  #status: TransactionStatus = 'I';
  #phase: Phase = 'query';
  /** How many replies are on their way: each ends with a `ReadyForQuery`, the one to the start-up too. */
  #due = 1;
  #listening = 0;
  #returnsNoRows = false;
  readonly #reported = new ReportedSettings();
  readonly #connection: Connection;
  readonly #bindings: BindingWriter;
  readonly #send: Pick<Connection, 'parse' | 'bind' | 'query' | 'sync'>;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#bindings = new BindingWriter(connection);
    this.#send = {
      parse: connection.parse.bind(connection),
      bind: connection.bind.bind(connection),
      query: connection.query.bind(connection),
      sync: connection.sync.bind(connection),
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
    connection.sync = () => {
      this.#due += 1;
      this.#send.sync();
    };
    connection.query = (text) => this.#query(text);
    const emit = connection.emit.bind(connection);
    // EventEmitter itself passes two arguments, with `newListener`; the protocol's messages are one.
    connection.emit = (event: string | symbol, first?: unknown, second?: unknown) => {
      if (typeof event === 'string' && this.#absorbs(event, first as BackendMessage)) return true;
      return this.#scope ? this.#scope.runInAsyncScope(emit, null, event, first, second) : emit(event, first, second);
    };
  }

  /** From here on every query is bound to `binding`, and replies are handed on in `scope`. */
  hold(binding: Binding | undefined, scope: AsyncResource | undefined): void {
    this.#binding = binding;
    this.#scope = scope;
    this.#listening = this.#listeners();
    this.#reported.remember();
  }

  /**
   * Ends what `hold` began.
   *
   * @returns whether the connection is as it was then: nothing on its way, no transaction, nobody listening, nothing left.
   */
  letGo(): boolean {
    this.#scope = undefined;
    return (
      this.#phase === 'idle' &&
      this.#due === 0 &&
      this.#status === 'I' &&
      !this.#leavesState &&
      !this.#reported.changed &&
      // A cursor that failed may go on listening, and would answer for the next tenant.
      this.#listeners() === this.#listening
    );
  }

  #begin(text: string): void {
    this.#phase = 'query';
    this.#returnsNoRows = false;
    const binding = this.#binding;
    if (!binding) return;
    const kind = statementKind(text);
    if (kind === 'control') {
      this.#phase = 'control';
      return;
    }
    if (kind === 'stateful') this.#leavesState = true;
    this.#phase = 'binding';
    // What was prepared may be gone by now, or be another statement under the same name.
    this.#bindings.write(binding, !this.#leavesState);
  }

  /**
   * A query without parameters uses the simple protocol, which has no place for a binding and takes several statements
   * at once. So it is sent as one statement of the extended protocol.
   */
  #query(text: string): void {
    if (!this.#binding) {
      this.#phase = 'query';
      this.#due += 1;
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

  /** Whether `message` is not handed on: it belongs to the binding, or is not the one that is due. */
  #absorbs(event: string, message: BackendMessage): boolean {
    const phase = this.#phase;
    if (phase === 'broken') return !OWN_EVENTS.has(event);
    switch (event) {
      case 'parseComplete':
      case 'bindComplete':
        if (phase === 'binding') {
          if (event === 'parseComplete' && this.#binding) this.#bindings.parsed(this.#binding);
          return true;
        }
        return phase !== 'query' && phase !== 'control' && this.#breaks();
      case 'dataRow':
        if (phase === 'query') return false;
        if (phase !== 'binding' || !this.#binding || !this.#bindings.isReceipt(message.fields, this.#binding)) {
          return this.#breaks();
        }
        this.#phase = 'bound';
        return true;
      case 'commandComplete':
        if (phase === 'bound') {
          this.#phase = 'query';
          return true;
        }
        // `SELECT … INTO` is a SELECT that returns no rows, and may have made a temporary table.
        if (this.#returnsNoRows && message.text?.startsWith('SELECT')) this.#leavesState = true;
        return phase !== 'query' && phase !== 'control' && this.#breaks();
      case 'noData':
        this.#returnsNoRows = true;
        return phase !== 'query' && phase !== 'control' && this.#breaks();
      case 'rowDescription':
      case 'portalSuspended':
      case 'emptyQuery':
      case 'copyInResponse':
      case 'copyOutResponse':
      case 'copyData':
        return phase !== 'query' && this.#breaks();
      case 'errorMessage':
        if (phase === 'binding' || phase === 'bound') {
          if (this.#binding) this.#bindings.failed(this.#binding, message.code);
          this.#phase = 'failed';
        }
        explainSeveralStatements(message);
        return false;
      case 'readyForQuery':
        return this.#endsReply(message);
      case 'parameterStatus':
        this.#reported.report(message.parameterName, message.parameterValue);
        return false;
      case 'backendKeyData':
        this.#bindings.processId = message.processID ?? 0;
        return false;
      default:
        return false;
    }
  }

  #endsReply({ status = 'I' }: BackendMessage): boolean {
    this.#due -= 1;
    // A cursor that fails more than once asks for as many ends; only the last is the end.
    if (this.#due > 0) return true;
    if (this.#due < 0 || this.#phase === 'binding' || this.#phase === 'bound') return this.#breaks();
    this.#phase = 'idle';
    this.#status = status;
    return false;
  }

  /** Closes the connection: what came is not the reply that is due. It is not handed on, nor is anything after it. */
  #breaks(): true {
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

  #listeners(): number {
    return LISTENED.reduce((sum, event) => sum + this.#connection.listenerCount(event), 0);
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
