import type { EventEmitter } from 'node:events';
import type { Duplex } from 'node:stream';

/** A message of the server, as pg hands it on. */
export interface BackendMessage {
  readonly fields?: readonly (string | null)[];
  readonly text?: string;
  readonly status?: TransactionStatus;
  readonly code?: string;
  readonly routine?: string;
  readonly processID?: number;
  readonly parameterName?: string;
  readonly parameterValue?: string;
  readonly message?: string;
}

/** `I`: in no transaction; `T`: in one; `E`: in one that failed. */
export type TransactionStatus = 'I' | 'T' | 'E';

/** The members of pg's protocol connection that are used here, as pg's query classes and cursors use them too. */
export interface Connection extends EventEmitter {
  readonly stream: Duplex;
  readonly parsedStatements: Readonly<Record<string, string>>;
  readonly submittedNamedStatements?: Readonly<Record<string, string>>;
  parse(message: { readonly text: string; readonly name?: string }): void;
  bind(message: { readonly statement?: string }): void;
  close(message: { readonly type: 'P' | 'S'; readonly name?: string }): void;
  describe(message: { readonly type: 'P' | 'S'; readonly name?: string }): void;
  execute(message: object): void;
  sync(): void;
  query(text: string): void;
}

/** The events that Cursor and the pg client listen to on the connection itself. */
const LISTENED = ['rowDescription', 'noData', 'readyForQuery'];

export function listenersOf(connection: Connection): number {
  return LISTENED.reduce((sum, event) => sum + connection.listenerCount(event), 0);
}

/** The text of a statement that was parsed before, or is being parsed. */
export function textOf({ parsedStatements, submittedNamedStatements }: Connection, name = ''): string {
  return parsedStatements[name] ?? submittedNamedStatements?.[name] ?? '';
}

/**
 * A query without parameters uses the simple protocol, which has no place for a binding and takes several statements
 * at once. So it is sent as one statement of the extended protocol.
 */
export function sendAsOne(connection: Connection, text: string): void {
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
