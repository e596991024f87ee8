import { QUERY_NAME } from './binding.js';

interface ParseMessage {
  readonly text: string;
  readonly name?: string;
}

/**
 * The application's statements on one session, as pg believes them to be.
 *
 * What it has parsed under a name stays parsed: a reset takes it away, so it is parsed again when it is next used. And what
 * it sends without a name leaves the place without a name to the binding, where that is kept there.
 */
export class OwnStatements {
  readonly #known = new Map<string, ParseMessage>();
  readonly #there = new Set<string>();
  #renames = false;
  /** True when the next `CloseComplete` is not the application's. */
  #isClosing = false;
  /** The name that the next `ParseComplete` is for. */
  #parsing: string | undefined;
  #isAgain = false;

  /** A query begins: nothing is on its way. @param renames - whether it must not be without a name */
  begin(renames: boolean): void {
    this.#renames = renames;
    this.#isClosing = renames;
    this.#parsing = undefined;
    this.#isAgain = false;
  }

  parse<M extends ParseMessage>(message: M): M {
    if (!message.name) return this.#renames ? { ...message, name: QUERY_NAME } : message;
    this.#known.set(message.name, message);
    this.#parsing = message.name;
    return message;
  }

  bind<M extends { readonly statement?: string }>(message: M): M {
    return this.#renames && !message.statement ? { ...message, statement: QUERY_NAME } : message;
  }

  close<M extends { readonly type: 'P' | 'S'; readonly name?: string }>(message: M): M {
    if (message.type === 'P') return message;
    if (!message.name) return this.#renames ? { ...message, name: QUERY_NAME } : message;
    if (this.#parsing === message.name) this.#parsing = undefined;
    this.#there.delete(message.name);
    return message;
  }

  /** The statement that must be parsed again before it is bound, if it must. */
  missing({ statement: name }: { readonly statement?: string }): ParseMessage | undefined {
    if (!name || name === this.#parsing || this.#there.has(name)) return undefined;
    const again = this.#known.get(name);
    if (again) {
      this.#parsing = name;
      this.#isAgain = true;
    }
    return again;
  }

  /** The server has parsed one. @returns true when pg did not send it, and shall not hear of it. */
  parsed(): boolean {
    const isHidden = this.#isAgain;
    if (this.#parsing !== undefined) this.#there.add(this.#parsing);
    this.#parsing = undefined;
    this.#isAgain = false;
    return isHidden;
  }

  /** The server has closed one. Returns as `parsed` does. */
  closed(): boolean {
    const isHidden = this.#isClosing;
    this.#isClosing = false;
    return isHidden;
  }

  /** The session was reset. */
  forget(): void {
    this.#there.clear();
  }
}
