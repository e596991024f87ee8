import { from, Observable, type ObservableInput, type Operator, Subscriber } from 'rxjs';
import { type Corridor, storage } from '../storage.js';
import type { Lazily } from './lazily.js';
import { peek } from './peek.js';

const INTEROP = ((Symbol as { readonly observable?: symbol }).observable ??
  '@@observable') as keyof Observable<unknown>;

/** True when `value` is an Observable of any library. A `subscribe` alone is no sign: brokers and stores have it too. */
export function isObservable(value: object): value is Observable<unknown> {
  if (typeof peek(value, 'subscribe') !== 'function') return false;
  return typeof peek(value, 'lift') === 'function' || typeof peek(value, INTEROP) === 'function';
}

/**
 * `source`, subscribed to and unsubscribed from inside `corridor`, and delivered to each subscriber in its own; what it
 * emits is lazy too.
 */
export const observableWithin =
  (lazily: Lazily) =>
  <T>(corridor: Corridor, source: Observable<T>): Observable<T> => {
    const crossing = new Observable<T>((subscriber) => {
      const subscribers = storage.getStore();
      const held = heldTo(corridor, source instanceof Observable ? source : from(source as ObservableInput<T>));
      storage.run(corridor, () => held.subscribe(new Crossing(subscriber, corridor, subscribers, lazily)));
    });
    const proxy: Observable<T> = new Proxy(source, {
      // What it calls on itself is called on the proxy, so that operators subscribe to that one.
      get(target, property) {
        if (property === 'subscribe') return crossing.subscribe.bind(crossing);
        // Its operators are the reader's own.
        if (property === 'lift' && target instanceof Held) return Observable.prototype.lift;
        return property === INTEROP ? () => proxy : Reflect.get(target, property, target);
      },
    });
    return proxy;
  };

/**
 * `source`, with each of its operators run inside `corridor`, whatever context what is before them emits in: a Subject
 * that everybody shares emits as whoever sends into it.
 */
export function heldTo<T>(corridor: Corridor, source: Observable<T>): Observable<T> {
  if (source instanceof Held && source.corridor === corridor) return source;
  const { operator, source: before } = source;
  if (operator && before && isPlainStep(source)) return heldTo(corridor, before).lift(operator);
  return new Held(corridor, source);
}

/** `source` delivered inside `corridor`, wherever it is subscribed to and whatever it emits in; and so is every operator put behind it. */
export class Held<T> extends Observable<T> {
  constructor(
    readonly corridor: Corridor,
    source: Observable<T>,
  ) {
    super((subscriber) => {
      within(corridor, () => source.subscribe(new Crossing(subscriber, corridor, corridor)));
    });
  }

  override lift<R>(operator?: Operator<T, R>): Observable<R> {
    return new Held(this.corridor, super.lift(operator));
  }
}

/** To enter what is entered already costs more than to ask. */
function within(corridor: Corridor | undefined, fn: () => void): void {
  if (storage.getStore() === corridor) fn();
  else storage.run(corridor, fn);
}

/** True when nobody has given it a `subscribe` of its own, as {@link observableWithin} does: that is not passed by. */
function isPlainStep(source: Observable<unknown>): boolean {
  let base: object = source;
  for (let next: object | null = base; next && next !== Object.prototype; next = Object.getPrototypeOf(next))
    base = next;
  return source.subscribe === (base as Observable<unknown>).subscribe;
}

/** `source`, delivered in the context of whoever subscribes, whatever context it emits in. */
export function deliveredToSubscriber<T>(source: Observable<T>): Observable<T> {
  return new Observable<T>((subscriber) => {
    const own = storage.getStore();
    source.subscribe(new Crossing(subscriber, own, own));
  });
}

/** Between a source that is kept in one context and a subscriber in another. */
class Crossing<T> extends Subscriber<T> {
  constructor(
    private readonly subscriber: Subscriber<T>,
    private readonly sources: Corridor | undefined,
    private readonly subscribers: Corridor | undefined,
    private readonly lazily?: Lazily,
  ) {
    // Which ends this one when the subscriber ends, also while the source is still being subscribed to.
    super(subscriber);
  }

  protected override _next(value: T): void {
    const { sources, lazily } = this;
    const given = sources && lazily ? (lazily(sources, value) as T) : value;
    within(this.subscribers, () => this.subscriber.next(given));
  }

  protected override _error(error: unknown): void {
    try {
      within(this.subscribers, () => this.subscriber.error(error));
    } finally {
      this.unsubscribe();
    }
  }

  protected override _complete(): void {
    try {
      within(this.subscribers, () => this.subscriber.complete());
    } finally {
      this.unsubscribe();
    }
  }

  override unsubscribe(): void {
    if (!this.closed) within(this.sources, () => super.unsubscribe());
  }
}
