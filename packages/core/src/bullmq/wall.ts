import { EventEmitter } from 'node:events';
import { hideBehind } from '../admin/behind.js';
import { outsideAnyTenant } from '../context/enter.js';
import { markWall } from '../leftovers/wall.js';
import type { Raw, RawClass } from './raw.js';
import { refusedMember } from './refused.js';

/** The value of a property as an application sees it. */
export type Member = (raw: Raw, wall: Raw) => unknown;

/** Members by name. One that is not here is refused: a new version of BullMQ may have more. */
export type Members = Readonly<Record<string, Member>>;

/** A member that tells nothing of anybody's jobs, as it is. */
export const harmless =
  (name: string): Member =>
  (raw) => {
    const value: unknown = raw[name];
    return typeof value === 'function' ? (value as (...args: unknown[]) => unknown).bind(raw) : value;
  };

/** Properties by which an application adjusts what runs. */
const SET_BEHIND: ReadonlySet<string | symbol> = new Set(['concurrency']);

const walls = new WeakMap<object, Raw>();

/** The listeners of a wall, which is asked for them with every event. */
const emitters = new WeakMap<Raw, EventEmitter>();

/** The wall before `raw`, if there is one. */
export const wallOf = (raw: object): Raw | undefined => walls.get(raw);

/**
 * Builds what the application is given of a queue, worker or flow producer. It has listeners and properties of its own, so that nothing
 * that it sets, spies on or listens to is found by BullMQ's own code, and nothing of that by it.
 */
export function buildWall(raw: Raw, of: string, members: Members): Raw {
  const own = Object.create(Object.getPrototypeOf(raw) as object) as Raw;
  EventEmitter.call(own as EventEmitter);
  const made = new Map<string, unknown>();
  const wall: Raw = new Proxy(own, {
    get(target, key, receiver) {
      if (typeof key === 'symbol' || Object.hasOwn(target, key)) return Reflect.get(target, key);
      const member = Object.hasOwn(members, key) ? members[key] : undefined;
      if (member) {
        if (made.has(key)) return made.get(key);
        const value = member(raw, wall);
        // A spy compares what it finds with what it has put there.
        if (typeof value === 'function') made.set(key, value);
        return value;
      }
      if (key === 'constructor') return raw['constructor'];
      if (key in EventEmitter.prototype) return Reflect.get(EventEmitter.prototype, key, receiver);
      if (!(key in raw)) return undefined;
      return refuse(raw, of, key);
    },
    set(target, key, value) {
      if (SET_BEHIND.has(key)) return Reflect.set(raw, key, value);
      // Nest's own, of @nestjs/bullmq, which reaches for the connection.
      const kept = key === 'onApplicationShutdown' && typeof value === 'function' ? value.bind(raw) : value;
      return Reflect.defineProperty(target, key, { value: kept, writable: true, enumerable: true, configurable: true });
    },
    has: (target, key) => Object.hasOwn(target, key) || key in raw || Reflect.has(target, key),
  });
  walls.set(raw, wall);
  emitters.set(wall, own as EventEmitter);
  hideBehind(wall, raw);
  return markWall(wall);
}

/** Looking for a method is no use of it: Nest and test runners look at everything. */
function refuse(raw: Raw, of: string, key: string): () => never {
  const refusal = (): never => {
    throw refusedMember(of, key);
  };
  for (let at: object | null = raw; at; at = Object.getPrototypeOf(at) as object | null) {
    const descriptor = Object.getOwnPropertyDescriptor(at, key);
    if (descriptor) return typeof descriptor.value === 'function' ? refusal : refusal();
  }
  return refusal;
}

/** Calls the application's listeners, as BullMQ calls its own: what one throws is an `error`, and nothing more. */
export function tell(wall: Raw, event: string | symbol, args: readonly unknown[]): boolean {
  const emit = (name: string | symbol, ...values: unknown[]): boolean =>
    EventEmitter.prototype.emit.call(wall as EventEmitter, name, ...values);
  try {
    return emit(event, ...args);
  } catch (error) {
    try {
      return emit('error', error);
    } catch {
      console.error(error);
      return false;
    }
  }
}

/** A class that gives whoever makes one what stands before it. C6: what it connects is nobody's. */
export const walledClass = (cls: RawClass, build: (raw: Raw) => Raw): RawClass =>
  new Proxy(cls, {
    construct: (target, args, made) => build(outsideAnyTenant(() => Reflect.construct(target, args, made) as Raw)),
  });

/** True when the application listens to `event`. */
export const isHeard = (wall: Raw, event: string | symbol): boolean =>
  EventEmitter.prototype.listenerCount.call(emitters.get(wall) ?? (wall as EventEmitter), event) > 0;
