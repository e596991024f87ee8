import { enter } from '../context/enter.js';
import { storage, storeFor } from '../context/storage.js';
import { calledOutside, type Resolver } from './graphql-resolver.js';
import { isUntenantedHandler } from './untenanted.decorator.js';

/** The part of Nest's own explorer that makes subscriptions. */
export interface SubscriptionExplorer {
  createSubscriptionMetadata?: (...about: About) => { readonly callback: Subscription };
}

type Create = (...about: unknown[]) => Resolver;

type About = [
  adapter: object,
  create: Create,
  options: { readonly filter?: unknown } | undefined,
  resolver: { readonly methodName: string },
  instance: object,
];

interface Subscription {
  readonly resolve?: Resolver | undefined;
  readonly subscribe: Resolver;
}

/** Position of GraphQL's description of the field among the arguments of a resolver. */
const INFO = 3;

/**
 * Calls all that a subscription is made of in its own context, whoever wakes it: what it yields, filters and resolves comes long after its
 * resolver. Where it is `@Untenanted()`, that is outside the context which a driver keeps for the whole socket.
 */
export function insideThroughout(explorer: SubscriptionExplorer): void {
  const create = explorer.createSubscriptionMetadata;
  if (typeof create !== 'function') return;
  explorer.createSubscriptionMetadata = (adapter, createResolver, options, resolver, instance) => {
    const sources = new WeakMap<object, Partial<AsyncIterator<unknown>>>();
    const noted = options?.filter ? noting(createResolver, sources) : createResolver;
    const made = create.call(explorer, adapter, noted, options, resolver, instance);
    const handler = (Object.getPrototypeOf(instance) as Record<string, Resolver>)[resolver.methodName];
    const untenanted = handler !== undefined && isUntenantedHandler(handler, instance.constructor);
    const { resolve, subscribe } = made.callback;
    const own: Resolver = (...args) => {
      const store = untenanted ? storeFor(null) : storage.getStore();
      const begin = () => (options?.filter ? closing(subscribe(...args), sources, args[INFO]) : subscribe(...args));
      return store ? enter(store, begin) : begin();
    };
    return { ...made, callback: { resolve: untenanted && resolve ? calledOutside(resolve) : resolve, subscribe: own } };
  };
}

/** Notes the iterator that a filter is put around. */
const noting =
  (create: Create, sources: WeakMap<object, Partial<AsyncIterator<unknown>>>): Create =>
  (...about) => {
    const subscribe = create(...about);
    return async (...args) => {
      const source: unknown = await subscribe(...args);
      if (typeof source === 'object' && source !== null) sources.set(args[INFO] as object, source as never);
      return source;
    };
  };

/**
 * An iterator that ends what it is put around as soon as it is ended. Mercurius' filter is a generator, which waits for the next event
 * before it hears of that: until then a subscription that is over goes on listening.
 */
async function closing(
  filtered: unknown,
  sources: WeakMap<object, Partial<AsyncIterator<unknown>>>,
  info: unknown,
): Promise<unknown> {
  const events = (await filtered) as Partial<AsyncIterator<unknown>> | undefined;
  if (typeof events?.next !== 'function') return events;
  const { next } = events;
  const end = () => sources.get(info as object)?.return?.();
  const ended: AsyncIterableIterator<unknown> = {
    next: () => next.call(events),
    return: async () => {
      await end();
      await events.return?.();
      return { done: true, value: undefined };
    },
    throw: async (error) => {
      await end();
      await events.throw?.(error);
      throw error;
    },
    [Symbol.asyncIterator]: () => ended,
  };
  return ended;
}
