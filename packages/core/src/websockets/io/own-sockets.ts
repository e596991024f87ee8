import { callersPart, EVERYBODY } from './part.js';
import type { IoSocket } from './shapes.js';

/** The parts of a namespace that its sockets are shown by. */
interface Shown {
  /** All of them, which the room adapter behind the wall works with. */
  readonly all: Map<string, IoSocket>;
  tenantOf(id: string): string | null | undefined;
  /** True while the server itself goes through them: it closes, or counts who is left. */
  isWithin(): boolean;
  forget(id: string): void;
}

/** The `sockets` of a namespace: an application finds those of its tenant in it, by whichever id it was given. */
export class OwnSockets extends Map<string, IoSocket> {
  readonly #shown: Shown;

  constructor(shown: Shown) {
    super();
    this.#shown = shown;
  }

  override set(id: string, socket: IoSocket): this {
    this.#shown.all.set(id, socket);
    return this;
  }

  /** Called for every socket that goes, whether it was in it or not. */
  override delete(id: string): boolean {
    this.#shown.forget(id);
    return this.#shown.all.delete(id);
  }

  override get(id: string): IoSocket | undefined {
    return this.#isOwn(id, this.#caller()) ? this.#shown.all.get(id) : undefined;
  }

  override has(id: string): boolean {
    return this.get(id) !== undefined;
  }

  override get size(): number {
    // The super class asks before there is anything.
    if (!(#shown in this)) return 0;
    return this.#shown.isWithin() ? this.#shown.all.size : [...this.keys()].length;
  }

  override *entries(): MapIterator<[string, IoSocket]> {
    const caller = this.#caller();
    for (const entry of [...this.#shown.all]) if (this.#isOwn(entry[0], caller)) yield entry;
    return undefined;
  }

  override *keys(): MapIterator<string> {
    for (const [id] of this.entries()) yield id;
    return undefined;
  }

  override *values(): MapIterator<IoSocket> {
    for (const [, socket] of this.entries()) yield socket;
    return undefined;
  }

  override [Symbol.iterator](): MapIterator<[string, IoSocket]> {
    return this.entries();
  }

  override forEach(fn: (socket: IoSocket, id: string, map: Map<string, IoSocket>) => void): void {
    for (const [id, socket] of this) fn(socket, id, this);
  }

  #caller(): string | null | typeof EVERYBODY {
    if (this.#shown.isWithin()) return EVERYBODY;
    const part = callersPart('sockets');
    return part === EVERYBODY ? EVERYBODY : part.tenantId;
  }

  #isOwn(id: string, caller: string | null | typeof EVERYBODY): boolean {
    return caller === EVERYBODY || this.#shown.tenantOf(id) === caller;
  }
}
