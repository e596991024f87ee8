import { escapeLiteral } from 'pg';
import type { BackendMessage, Connection } from './connection.js';
import { LEFT_ON_SESSION } from './left-on-session.js';
import { queryMessage } from './messages.js';

const UNLOCK = ['select pg_advisory_unlock_all()', 'SELECT 1'] as const;

/** A message that ends with a seed of so many digits, which are written into a copy of it: encoding one costs more. */
const DIGITS = 9;
const encoded = (pieces: readonly (readonly [text: string, tag: string])[]) => ({
  message: queryMessage([...pieces.map(([text]) => text), `set seed to 0.${'0'.repeat(DIGITS)}`].join(';')),
  tags: [...pieces.map(([, tag]) => tag), 'SET'],
});
const RESET = encoded(LEFT_ON_SESSION);
const RESET_AND_UNLOCK = encoded([...LEFT_ON_SESSION, UNLOCK]);

/**
 * Brings one session back to what it was when it was opened. It is sent in front of what comes next and waits for nothing;
 * its reply is taken out again, and must be all that is due.
 *
 * It is `DISCARD ALL` without `DISCARD PLANS`, which would have every function and foreign key planned anew, and with a new
 * seed for `random()`, which `DISCARD ALL` leaves.
 *
 * Source: https://www.postgresql.org/docs/current/sql-discard.html
 */
export class SessionReset {
  /** The tags that are due, for each reply that is on its way. */
  readonly #due: (readonly string[])[] = [];
  #answered = 0;
  /** Sets what the set-up of the connection had set. */
  #restore: Buffer | undefined;
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** True when a reply is on its way. */
  get isUnderWay(): boolean {
    return this.#due.length > 0;
  }

  /** After every reset, `settings` are set for the session again. */
  restores(settings: readonly (readonly [name: string, value: string])[]): void {
    const set = settings.map((setting) => `set_config(${setting.map(escapeLiteral).join(', ')}, false)`);
    this.#restore = set.length > 0 ? queryMessage(`select ${set.join(', ')}`) : undefined;
  }

  /**
   * @param direct - whether there is no pooler. A pooler knows `DISCARD ALL`, and what it has to forget with it.
   * @param unlocks - whether locks are released too. In front of a binding they need not be: it can do so for less.
   */
  send(direct: boolean, unlocks: boolean): void {
    const { stream } = this.#connection;
    if (direct) {
      const { message, tags } = unlocks ? RESET_AND_UNLOCK : RESET;
      const seeded = Buffer.from(message);
      // `random()` promises no secrecy, and neither does its seed. The last byte ends the text.
      seeded.write(
        String(Math.floor((0.1 + 0.9 * Math.random()) * 10 ** DIGITS)),
        seeded.length - 1 - DIGITS,
        'latin1',
      );
      stream.write(seeded);
      this.#due.push(tags);
    } else {
      stream.write(queryMessage('discard all'));
      this.#due.push(['DISCARD ALL']);
    }
    if (this.#restore) {
      // In a message of its own: text is read before it is run, and its encoding may have been another.
      stream.write(this.#restore);
      this.#due.push(['SELECT 1']);
    }
  }

  /** Takes one message of a reply that is under way. @returns true when it was one that was due. */
  take(event: string, message: BackendMessage): boolean {
    switch (event) {
      case 'commandComplete':
        this.#answered += 1;
        return this.#due[0]?.[this.#answered - 1] === message.text;
      case 'readyForQuery': {
        const complete = this.#answered === this.#due.shift()?.length && message.status === 'I';
        this.#answered = 0;
        return complete;
      }
      case 'rowDescription':
      case 'dataRow':
      case 'notice':
      case 'notification':
        return true;
      default:
        return false;
    }
  }
}
