import { from, Observable, type ObservableInput, type Operator, Subscriber } from 'rxjs';
import { storage, type TenantStore } from '../storage.js';
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
 * `source`, subscribed to and unsubscribed from in the context of `store`, and delivered to each subscriber in its own; what it
 * emits is lazy too.
 */
export const observableWithin =
  (lazily: Lazily) =>
  <T>(store: TenantStore, source: Observable<T>): Observable<T> => {
    const crossing = new Observable<T>((subscriber) => {
      const subscribers = storage.getStore();
      const held = heldTo(store, source instanceof Observable ? source : from(source as ObservableInput<T>));
      storage.run(store, () => held.subscribe(new Crossing(subscriber, store, subscribers, lazily)));
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
 * `source`, with each of its operators run in the context of `store`, whatever context what is before them emits in: a Subject
 * that everybody shares emits as whoever sends into it.
 */
export function heldTo<T>(store: TenantStore, source: Observable<T>): Observable<T> {
  if (source instanceof Held && source.store === store) return source;
  const { operator, source: before } = source;
  if (operator && before && isPlainStep(source)) return heldTo(store, before).lift(operator);
  return new Held(store, source);
}

/** `source` delivered in the context of `store`, wherever it is subscribed to and whatever it emits in; and so is every operator put behind it. */
export class Held<T> extends Observable<T> {
  constructor(
    readonly store: TenantStore,
    source: Observable<T>,
  ) {
    super((subscriber) => {
      within(store, () => source.subscribe(new Crossing(subscriber, store, store)));
    });
  }

  override lift<R>(operator?: Operator<T, R>): Observable<R> {
    return new Held(this.store, super.lift(operator));
  }
}

/** To enter what is entered already costs more than to ask. */
function within(store: TenantStore | undefined, fn: () => void): void {
  if (storage.getStore() === store) fn();
  else storage.run(store, fn);
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
    private readonly sources: TenantStore | undefined,
    private readonly subscribers: TenantStore | undefined,
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
