import { Inject, Injectable } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { Observable, type Subscription } from 'rxjs';
import { outsideAnyTenant } from '../context/enter.js';
import { hasMethods } from '../context/methods.js';
import { isUntenantedHandler } from '../entrances/untenanted.decorator.js';
import { TenantGroups } from './tenant-groups.js';

type Saga = (events: Observable<unknown>) => unknown;

/** Nest's record of a provider that has sagas. */
interface Wrapper {
  readonly metatype?: unknown;
  readonly instance?: object | null;
}

/** The `EventBus` of @nestjs/cqrs, known by its shape, because that package is optional. */
interface EventBus extends Observable<unknown> {
  registerSaga(saga: Saga): void;
  registerSagas(wrappers?: readonly Wrapper[]): void;
  readonly subscriptions?: Subscription[];
}

const held = new WeakSet<EventBus>();

/**
 * X6: has each saga of @nestjs/cqrs run once for each tenant, over its events alone. Over everybody's, a saga with `debounceTime` lets
 * one tenant's event push out another's, and goes on as whoever came first.
 *
 * Each tenant's saga is registered with the bus by itself, so that one that fails ends for its tenant alone, in the bus' own way.
 */
@Injectable()
export class Sagas {
  constructor(@Inject(ModulesContainer) private readonly modules: ModulesContainer) {}

  /** Called once everything is made, before @nestjs/cqrs registers what it has found. */
  hold(): void {
    for (const { providers } of this.modules.values()) {
      for (const { instance } of providers.values()) if (isEventBus(instance)) hold(instance);
    }
  }
}

const isEventBus = (value: unknown): value is EventBus =>
  hasMethods(value, 'registerSaga', 'registerSagas', 'subscribe');

function hold(bus: EventBus): void {
  if (held.has(bus)) return;
  held.add(bus);
  const { registerSaga, registerSagas } = bus;
  let untenanted = false;
  bus.registerSagas = (wrappers = []) => {
    for (const wrapper of wrappers) {
      untenanted = isUntenantedProvider(wrapper);
      try {
        registerSagas.call(bus, [wrapper]);
      } finally {
        untenanted = false;
      }
    }
  };
  bus.registerSaga = (saga) => {
    // What is no saga is refused by the bus itself.
    if (typeof saga !== 'function') return registerSaga.call(bus, saga);
    const register = (events: Observable<unknown>) =>
      registerSaga.call(
        bus,
        named(saga, () => saga(events)),
      );
    if (untenanted) return outsideAnyTenant(() => register(outside(bus)));
    const groups = new TenantGroups<unknown>((own) => register(own));
    // At once: a saga that gives no stream is refused when the application starts.
    groups.of(null);
    const subscription = bus.subscribe((event) => groups.next(event));
    bus.subscriptions?.push(subscription);
  };
}

function isUntenantedProvider({ metatype, instance }: Wrapper): boolean {
  const own = typeof metatype === 'function' ? metatype : instance?.constructor;
  return own !== undefined && isUntenantedHandler(own, own);
}

/** CQRS names a saga in its log. */
const named = (saga: Saga, fn: Saga): Saga => Object.defineProperty(fn, 'name', { value: saga.name });

const outside = (bus: Observable<unknown>): Observable<unknown> =>
  new Observable((subscriber) => bus.subscribe((event) => outsideAnyTenant(() => subscriber.next(event))));
