import { Logger } from '@nestjs/common';
import { enter } from '../context/enter.js';
import { storage, storeFor, type TenantStore } from '../context/storage.js';
import { TenantMismatchError, TenantRequiredError } from '../errors/refusals.js';
import type { TenancyError } from '../errors/tenancy-error.js';
import type { Declared } from './declared-handlers.js';
import { holdCall } from './held-call.js';
import type { Admission, MessageAdmission, Received } from './message-admission.js';
import { GRPC, leaveToBroker, refusedEvent, refusedRequest } from './refused-delivery.js';
import { refusedBecause, refusedMessage } from './refused-message.js';

/** A handler as Nest hands it to a server. Several of one event are a chain. */
export interface Handler {
  (...args: unknown[]): unknown;
  next?: Handler | undefined;
}

/** All that a handler is registered with, and the server that calls it. */
export interface Registered extends Declared {
  readonly server: { readonly transportId?: unknown; readonly noAck?: unknown };
  readonly pattern: unknown;
  readonly isEvent: boolean;
  /** False while a handler of the same event runs without a tenant, and acknowledges the event by itself. */
  isAlone(): boolean;
}

/** One message, on its way through the handlers of an event. */
interface Delivery {
  /** Of whoever has entered a tenant around the first of them. */
  readonly store: TenantStore | undefined;
  readonly received: Received;
  admission?: Admission | Promise<Admission> | null;
}

const logger = new Logger('Tenancy');

/** By the store that a handler runs with: the next one of the event is called by it. */
const deliveries = new WeakMap<TenantStore, Delivery>();

type Deliver = (delivery: Delivery, args: readonly unknown[]) => unknown;
const delivers = new WeakMap<Handler, Deliver>();

/** `handler`, which runs as the tenant of its message, or that somebody has entered around it, and is refused where there is none. */
export function guardedHandler(
  handler: Handler,
  registered: Registered,
  admissionOf: () => MessageAdmission | undefined,
): Handler {
  const { server, pattern, isEvent, untenanted } = registered;
  let next: Handler | undefined;

  const run = (store: TenantStore, delivery: Delivery, args: readonly unknown[]): unknown => {
    if (next) deliveries.set(store, delivery);
    const given = admissionOf()?.given(args) ?? args;
    if (server.transportId === GRPC) holdCall(store, given);
    // M10: what it answers with may begin when Nest subscribes to it.
    return enter(store, () => handler(...given));
  };

  const refuse = (refusal: TenancyError, delivery: Delivery, args: readonly unknown[], explained: boolean): unknown => {
    const kind = isEvent ? 'event' : 'message';
    const line = explained
      ? refusedBecause(refusal, kind, registered.name)
      : refusedMessage(refusal.code, kind, registered.name);
    logger.error(line);
    const { received } = delivery;
    if (registered.isAlone()) leaveToBroker(received, refusal, server.noAck);
    if (!isEvent) return refusedRequest(received, refusal, args);
    return next ? delivers.get(next)?.(delivery, args) : refusedEvent(received, refusal);
  };

  const deliver: Deliver = (delivery, args) => {
    const { store } = delivery;
    const admission = admissionOf();
    if (untenanted) return store || admission ? run(storeFor(null), delivery, args) : handler(...args);
    const decide = (admitted: Admission | null): unknown => {
      if (admitted === null) {
        if (store?.tenant) return run(store, delivery, args);
        const refusal = store?.refusal ?? admission?.unstamped() ?? new TenantRequiredError();
        return refuse(refusal, delivery, args, admission !== undefined);
      }
      if ('refusal' in admitted) return refuse(admitted.refusal, delivery, args, true);
      const { tenant } = admitted;
      if (store?.tenant && store.tenant.id !== tenant.id)
        return refuse(new TenantMismatchError(), delivery, args, true);
      return run(storeFor(tenant), delivery, args);
    };
    delivery.admission ??= admission?.admit(delivery.received) ?? null;
    const { admission: admitted } = delivery;
    return admitted instanceof Promise ? admitted.then(decide) : decide(admitted);
  };

  const guarded: Handler = (...args) => {
    const received = { transportId: server.transportId, pattern, isEvent, args, handler: guarded };
    return deliver({ store: storage.getStore(), received }, args);
  };
  delivers.set(guarded, deliver);
  // M11: Nest reads the next handler of an event on its own function.
  return Object.defineProperty(guarded, 'next', {
    get: () => next,
    set: (following: Handler) => {
      next = following;
      handler.next = (...args) => {
        const store = storage.getStore();
        const delivery = store && deliveries.get(store);
        const on = delivers.get(following);
        return delivery && on ? on(delivery, args) : following(...args);
      };
    },
  });
}
