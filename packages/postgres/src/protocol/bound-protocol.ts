import type { AsyncResource } from 'node:async_hooks';
import { mayEndTransaction, statementKind } from '../statement/statement-kind.js';
import type { Binding } from './binding.js';
import { BindingWriter } from './binding-writer.js';
import type { BackendMessage, Connection, TransactionStatus } from './connection.js';
import { listenersOf, sendAsOne, textOf } from './connection.js';
import { Enclosure } from './enclosure.js';
import { endsConnection, explained, notReset, outOfStep } from './explained.js';
import { OwnStatements } from './own-statements.js';
import type { Phase } from './phase.js';
import { Session } from './session.js';
import { isStalePlan } from './stale-plan.js';

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
  /** The tenant's binding for the queries to come. `undefined`: they are sent as they are, as is right before there is a tenant. */
  #binding: Binding | undefined;
  /** The async context that replies are handed on in; without it, the one that the socket was opened in. */
  #scope: AsyncResource | undefined;
  #status: TransactionStatus = 'I';
  #phase: Phase = 'query';
  /** How many replies are on their way: each ends with a `ReadyForQuery`, the one to the start-up too. */
  #due = 1;
  #listening = 0;
  #returnsNoRows = false;
  /** True where a named statement will fail for good. */
  #isStale = false;
  /** The server's words when it ended the connection: in a crash they are a notice. */
  #goodbye: BackendMessage | undefined;
  readonly #connection: Connection;
  readonly #bindings: BindingWriter;
  readonly #statements = new OwnStatements();
  readonly #session: Session;
  readonly #enclosure: Enclosure;
  readonly #send: Pick<Connection, 'parse' | 'bind' | 'close' | 'query' | 'sync'>;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#bindings = new BindingWriter(connection);
    this.#session = new Session(connection);
    this.#enclosure = new Enclosure(connection, this.#bindings);
    this.#send = {
      parse: connection.parse.bind(connection),
      bind: connection.bind.bind(connection),
      close: connection.close.bind(connection),
      query: connection.query.bind(connection),
      sync: connection.sync.bind(connection),
    };
    connection.parse = (message) => {
      if (this.#phase === 'idle') this.#begin(message.text);
      this.#send.parse(this.#statements.parse(message));
    };
    connection.bind = (message) => {
      // The first message of a named statement that was parsed before.
      if (this.#phase === 'idle') this.#begin(textOf(connection, message.statement));
      const missing = this.#statements.missing(message);
      if (missing) this.#send.parse(missing);
      this.#send.bind(this.#statements.bind(message));
    };
    connection.close = (message) => this.#send.close(this.#statements.close(message));
    connection.sync = () => {
      this.#due += 1;
      this.#send.sync();
      this.#due += this.#enclosure.synced();
    };
    connection.query = (text) => this.#query(text);
    const emit = connection.emit.bind(connection);
    // EventEmitter itself passes two arguments, with `newListener`; the protocol's messages are one.
    connection.emit = (event: string | symbol, first?: unknown, second?: unknown) => {
      if (typeof event === 'string' && this.#consumes(event, first as BackendMessage)) return true;
      const told =
        event === 'errorMessage' ? explained(first as BackendMessage, this.#status, this.#phase, this.#binding) : first;
      return this.#scope ? this.#scope.runInAsyncScope(emit, null, event, told, second) : emit(event, told, second);
    };
  }

  /** From here on every query is bound to `binding`, and replies are handed on in `scope`. */
  hold(binding: Binding | undefined, scope: AsyncResource | undefined): void {
    this.#binding = binding;
    this.#scope = scope;
    this.#listening = listenersOf(this.#connection);
    this.#session.remember();
    if (binding) this.#session.hold(binding);
  }

  /**
   * Ends what `hold` began.
   *
   * @returns true when the connection is fit for another holder: nothing on its way, no transaction, nobody listening, and
   * what is known to be left is being undone.
   */
  letGo(): boolean {
    this.#scope = undefined;
    const isQuiet =
      this.#phase === 'idle' &&
      this.#due === 0 &&
      this.#status === 'I' &&
      this.#connection.stream.writable &&
      // A cursor that failed may go on listening, and would answer for the next tenant.
      listenersOf(this.#connection) === this.#listening;
    if (!isQuiet || !this.#session.isReusable || this.#isStale) return false;
    // At once, and not when the next holder comes: others may be waiting for a lock.
    if (this.#session.isLeft) {
      this.#reset(true);
      this.#session.leave();
    }
    return true;
  }

  /** Has these settings made again after every reset. */
  restores(settings: readonly (readonly [name: string, value: string])[]): void {
    this.#session.restores(settings);
  }

  /** In front of what comes next, with a reply of its own. */
  #reset(unlocks: boolean): void {
    const direct = this.#bindings.direct === true;
    this.#session.reset(direct, unlocks);
    this.#bindings.afterReset(direct && !unlocks);
    this.#statements.forget();
  }

  #begin(text: string): void {
    this.#phase = 'query';
    this.#returnsNoRows = false;
    const binding = this.#binding;
    if (!binding) {
      this.#bindings.overwritten();
      this.#statements.begin(false);
      return;
    }
    if (this.#session.isResetDue && this.#connection.stream.writable) this.#reset(false);
    const kind = statementKind(text);
    this.#session.ran(kind);
    this.#phase = kind === 'control' ? 'control' : 'binding';
    if (this.#status === 'I' && mayEndTransaction(text)) this.#enclosure.begin();
    this.#statements.begin(kind === 'control' ? this.#bindings.makeRoom() : this.#bindings.write(binding));
  }

  #query(text: string): void {
    if (this.#binding) sendAsOne(this.#connection, text);
    else {
      this.#phase = 'query';
      this.#due += 1;
      this.#bindings.overwritten();
      this.#send.query(text);
    }
  }

  /** True when `message` is not handed on: it belongs to the binding or a reset, or is not the one that is due. */
  #consumes(event: string, message: BackendMessage): boolean {
    const phase = this.#phase;
    if ((event === 'notice' || event === 'errorMessage') && endsConnection(message)) this.#goodbye = message;
    if (phase === 'broken') return !OWN_EVENTS.has(event);
    if (this.#session.isUnderReset && !OWN_EVENTS.has(event)) return this.#resets(event, message);
    const isOwn = this.#enclosure.take(event, message);
    if (isOwn !== undefined) return isOwn || this.#breaks();
    switch (event) {
      case 'parseComplete':
      case 'bindComplete':
        if (phase === 'binding') {
          if (event === 'parseComplete' && this.#binding) this.#bindings.parsed(this.#binding);
          return true;
        }
        if (phase !== 'query' && phase !== 'control') return this.#breaks();
        return event === 'parseComplete' && this.#statements.parsed();
      case 'closeComplete':
        return this.#statements.closed();
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
        if (this.#returnsNoRows && message.text?.startsWith('SELECT')) this.#session.ran('stateful');
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
        this.#isStale ||= isStalePlan(message);
        if (phase === 'binding' || phase === 'bound') {
          this.#bindings.failed(message.code);
          this.#phase = 'failed';
        }
        return false;
      case 'readyForQuery':
        return this.#endsReply(message);
      case 'parameterStatus':
        this.#session.report(message);
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
    if (this.#due < 0 || this.#phase === 'binding' || this.#phase === 'bound') return this.#breaks();
    const more = this.#enclosure.replied(status);
    this.#due += more ?? 0;
    // A cursor that fails more than once asks for as many ends; only the last is the end.
    if (more !== undefined || this.#due > 0) return true;
    this.#phase = 'idle';
    this.#status = status;
    return false;
  }

  /** A message of the reply to a reset. */
  #resets(event: string, message: BackendMessage): boolean {
    if (event === 'parameterStatus') this.#session.report(message);
    else if (event !== 'errorMessage') return this.#session.take(event, message) || this.#breaks();
    else if (endsConnection(message)) this.#phase = 'broken';
    else return this.#breaks(notReset(message));
    return false;
  }

  /** Closes the connection: what came is not the reply that is due. It is not handed on, nor is anything after it. */
  #breaks(reason = outOfStep(this.#goodbye)): true {
    this.#phase = 'broken';
    this.#connection.stream.destroy(reason);
    return true;
  }
}
