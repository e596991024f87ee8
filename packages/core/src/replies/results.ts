import * as nest from '@nestjs/common';
import { ExternalContextCreator } from '@nestjs/core';
import { later } from '../context/lazy/inside.js';
import { isStream } from '../context/lazy/node-stream.js';
import { Held, heldTo, isObservable } from '../context/lazy/observable.js';
import { storage } from '../context/storage.js';
import { TenancyConfigurationError } from '../errors/configuration-error.js';

/** The object of Nest that calls a handler, of any transport, with its interceptors around it. */
interface InterceptorsConsumer {
  intercept(
    interceptors: readonly unknown[] | undefined,
    args: readonly unknown[],
    instance: object,
    callback: unknown,
    next: () => Promise<unknown>,
    type?: string,
  ): Promise<unknown>;
  transformDeferred(next: () => Promise<unknown>): unknown;
}

/** Nest's key for what it aborts when the reader of an SSE goes away. Not every version has it. */
const { SSE_ABORT_CONTROLLER } = nest as { readonly SSE_ABORT_CONTROLLER?: symbol };

const held = new WeakSet<InterceptorsConsumer>();

/**
 * Keeps what a handler returns in the context of its request. An Observable: its own operators, those that interceptors
 * put behind it, and what ends it when a client goes away. A stream: what reads it, and what closes it then.
 *
 * An interceptor for that would cost every request a third of its time. This costs those that return something else
 * one look at it.
 */
@nest.Injectable()
export class Results {
  constructor(@nest.Inject(ExternalContextCreator) private readonly creator: ExternalContextCreator) {}

  /** @throws `tenancy_misconfigured` where Nest calls handlers in another way. */
  hold(): void {
    const { interceptorsConsumer } = this.creator as unknown as {
      readonly interceptorsConsumer?: InterceptorsConsumer;
    };
    const consumer: Partial<InterceptorsConsumer> = Object.getPrototypeOf(interceptorsConsumer ?? {});
    if (held.has(consumer as InterceptorsConsumer)) return;
    const { intercept, transformDeferred } = consumer;
    if (typeof intercept !== 'function' || typeof transformDeferred !== 'function') {
      throw new TenancyConfigurationError(
        'TenancyModule',
        'this version of Nest calls handlers in a way that is not known',
        'Use Nest 11.1.4 or later, or Nest 12.',
      );
    }
    held.add(consumer as InterceptorsConsumer);
    consumer.intercept = function (...call) {
      const [interceptors, args, , , next] = call;
      holdSignal(args[0]);
      // Nest's own steps around interceptors, each of which holds what it has put there.
      if (interceptors?.length) return Reflect.apply(intercept, this, call).then(heldWhole);
      // As Nest does it, with a promise less than it takes, which pays for the one here.
      return next().then(heldResult);
    };
    consumer.transformDeferred = function (next) {
      return Reflect.apply(transformDeferred, this, [() => next().then(heldResult)]);
    };
  }
}

function heldResult(result: unknown): unknown {
  if (typeof result !== 'object' || result === null) return result;
  const store = storage.getStore();
  if (!store) return result;
  if (isObservable(result)) return heldTo(store, result);
  // It is closed by the connection, if that closes first.
  return result instanceof nest.StreamableFile || isStream(result) ? later(store, result) : result;
}

function heldWhole(result: unknown): unknown {
  const store = storage.getStore();
  return store && typeof result === 'object' && result !== null && isObservable(result)
    ? new Held(store, result)
    : heldResult(result);
}

/** It is aborted by the connection, in the context of which a listener that asks for the tenant would end the process. */
function holdSignal(request: unknown): void {
  if (SSE_ABORT_CONTROLLER === undefined || typeof request !== 'object' || request === null) return;
  const controller = (request as Record<symbol, AbortController | undefined>)[SSE_ABORT_CONTROLLER];
  const store = storage.getStore();
  if (!controller || !store) return;
  const { abort } = controller;
  controller.abort = (reason) => storage.run(store, () => abort.call(controller, reason));
}
