import { outsideAnyTenant } from '../context/enter.js';
import { storage } from '../context/storage.js';
import { TenancyConfigurationError } from '../errors/configuration-error.js';
import { TenantSwitchRefusedError } from '../errors/context-errors.js';
import { refuseUnknown } from '../errors/refuse-unknown.js';
import { requireOptions } from '../errors/require-options.js';
import { markWall } from '../leftovers/wall.js';
import type { StampSecrets } from '../stamp/stamp.js';
import { type StampSecretOption, stampSecrets } from '../stamp/stamp-secrets.js';
import { currentOwner, openedFor, sealed, sharedOwner, type TopicOwner, topicOf } from './topics.js';

/** An engine to publish and subscribe by topic: `PubSub` of graphql-subscriptions, or one of its shape, such as `RedisPubSub`. */
export interface PubSubLike {
  /** Sends an event to everybody who listens to a topic. */
  publish(topic: string, payload: unknown): Promise<void>;
  /** Calls `onMessage` for each event of a topic, and answers with the subscription's number. */
  subscribe(topic: string, onMessage: (payload: unknown) => unknown, options?: unknown): Promise<number>;
  /** Ends a subscription by its number. */
  unsubscribe(id: number): unknown;
  /** Events of topics, one after the other, as a resolver of GraphQL returns them. */
  asyncIterableIterator?<T>(topics: unknown, ...options: unknown[]): AsyncIterator<T>;
  /** The same in earlier versions. */
  asyncIterator?<T>(topics: unknown, ...options: unknown[]): AsyncIterator<T>;
}

/** Options of `TenantPubSub`. */
export interface TenantPubSubOptions {
  /**
   * Signs whose each event is, and its topic, where others can write to the broker as well: at least 32 bytes, or several while one takes
   * the place of another. What is in an event is not signed.
   * @defaultValue none: events are stamped, and not signed
   */
  readonly secret?: StampSecretOption | undefined;
}

/** Topics of one owner, in an engine that is everybody's. */
export class OwnTopics {
  readonly #engine: PubSubLike;
  readonly #secrets: StampSecrets;
  readonly #owner: () => TopicOwner;

  /** @internal */
  constructor(engine: PubSubLike, secrets: StampSecrets, owner: () => TopicOwner) {
    this.#engine = engine;
    this.#secrets = secrets;
    this.#owner = owner;
  }

  /**
   * Sends an event to those who listen to this topic of the current tenant.
   * @throws `tenant_context_missing` outside any tenant's context.
   */
  async publish(topic: string, payload: unknown): Promise<void> {
    const owner = this.#owner();
    const own = topicOf(owner, topic);
    const message = sealed(owner, own, payload, this.#secrets);
    // C6: what connects when it is first used stays in nobody's context.
    await outsideAnyTenant(() => this.#engine.publish(own, message));
  }

  /** Calls `onMessage` as whoever has subscribed, whoever publishes. */
  async subscribe<Payload>(
    topic: string,
    onMessage: (payload: Payload) => unknown,
    options: object = {},
  ): Promise<number> {
    const owner = this.#owner();
    const own = topicOf(owner, topic);
    const subscriber = storage.getStore();
    const deliver = (message: unknown) => {
      const opened = this.#opened(owner, [own], message);
      return opened && storage.run(subscriber, onMessage, opened.payload as Payload);
    };
    const id = await outsideAnyTenant(() => this.#engine.subscribe(own, deliver, this.#known(options)));
    subscribed(this.#engine).set(id, owner);
    return id;
  }

  /**
   * Ends a subscription of the current tenant, by the number that `subscribe` gave.
   * @throws `tenant_switch_refused` for a subscription of another tenant: their ids are numbers that anybody can guess.
   */
  unsubscribe(id: number): unknown {
    const owners = subscribed(this.#engine);
    const owner = owners.get(id);
    if (owner) refuseOther(owner, 'A subscription');
    owners.delete(id);
    return outsideAnyTenant(() => this.#engine.unsubscribe(id));
  }

  /** The events of topics, for a `@Subscription()` to return. */
  asyncIterableIterator<T>(topics: string | readonly string[], ...options: object[]): AsyncIterableIterator<T> {
    const owner = this.#owner();
    const own = (typeof topics === 'string' ? [topics] : topics).map((topic) => topicOf(owner, topic));
    const engine = this.#engine;
    options.forEach((one) => void this.#known(one));
    const events = (engine.asyncIterableIterator ?? engine.asyncIterator)?.call(engine, own, ...options);
    if (!events) throw unusable();
    return this.#opening<T>(owner, own, events);
  }

  /** The same, by its name in graphql-subscriptions 2. */
  asyncIterator<T>(topics: string | readonly string[], ...options: object[]): AsyncIterableIterator<T> {
    return this.asyncIterableIterator(topics, ...options);
  }

  #opened(owner: TopicOwner, topics: readonly string[], message: unknown) {
    return openedFor(owner, topics, message, this.#secrets);
  }

  #opening<T>(owner: TopicOwner, topics: readonly string[], events: AsyncIterator<unknown>): AsyncIterableIterator<T> {
    const opening: AsyncIterableIterator<T> = {
      next: async () => {
        for (;;) {
          refuseOther(owner, 'A list of events');
          // C6: an engine subscribes, and so may connect, at the first of these.
          const { value, done } = await outsideAnyTenant(() => events.next());
          if (done) return { value: undefined, done };
          const opened = this.#opened(owner, topics, value);
          if (opened) return { value: opened.payload as T, done: false };
        }
      },
      return: async () => {
        await events.return?.();
        return { value: undefined, done: true };
      },
      throw: async (error) => {
        await events.throw?.(error);
        throw error;
      },
      [Symbol.asyncIterator]: () => opening,
    };
    return opening;
  }

  /** A signature holds to a topic, and what comes by a pattern does not say by which. */
  #known(options: object): object {
    if (this.#secrets.length === 0 || !(options as { readonly pattern?: unknown }).pattern) return options;
    throw new TenancyConfigurationError(
      'TenantPubSub',
      'signs its events, which cannot be subscribed to by a pattern',
      'Subscribe to each topic by its name, or leave `secret` out.',
    );
  }
}

/**
 * A PubSub in which every tenant has topics of its own, over whatever engine there is. S6: one topic for all delivers one tenant's events
 * to the others.
 *
 * Events are published and subscribed to inside a tenant's context; what is everybody's is in {@link shared}.
 *
 * @example
 * ```ts
 * import { Query, Resolver, Subscription } from '@nestjs/graphql';
 * import { TenantPubSub } from '@tenancy/core/graphql';
 * import { PubSub } from 'graphql-subscriptions';
 *
 * const pubSub = new TenantPubSub(new PubSub());
 *
 * @Resolver()
 * export class JobResolver {
 *   @Subscription(() => String)
 *   jobClosed() {
 *     return pubSub.asyncIterableIterator('jobClosed'); // of the subscriber's tenant
 *   }
 *
 *   @Query(() => Boolean)
 *   async close() {
 *     await pubSub.publish('jobClosed', { jobClosed: 'job_1' });
 *     return true;
 *   }
 * }
 * ```
 */
export class TenantPubSub extends OwnTopics {
  readonly #shared: (name: string) => OwnTopics;

  /** @throws `tenancy_misconfigured` for what is no engine, an unknown option, or a short secret. */
  constructor(engine: PubSubLike, options: TenantPubSubOptions = {}) {
    requireOptions('TenantPubSub', options);
    refuseUnknown('TenantPubSub', options, ['secret']);
    const { publish, subscribe, unsubscribe } = (engine ?? {}) as Partial<PubSubLike>;
    if (![publish, subscribe, unsubscribe].every((method) => typeof method === 'function')) throw unusable();
    const secrets = stampSecrets('TenantPubSub.secret', options.secret);
    super(engine, secrets, currentOwner);
    this.#shared = (name) => new OwnTopics(engine, secrets, () => sharedOwner(name));
    // The start-up check for raw ones knows it by this.
    if (Object.isExtensible(engine)) markWall(engine);
  }

  /**
   * The topics of this name, which are everybody's and no tenant's: to be published to, and subscribed to, with and without a tenant.
   *
   * @throws `tenancy_misconfigured` without a name.
   */
  shared(name: string): OwnTopics {
    if (typeof name === 'string' && name !== '' && name.isWellFormed()) return this.#shared(name);
    throw new TenancyConfigurationError(
      'TenantPubSub.shared',
      'is given no name',
      "Name it: `shared('exchange-rates')`.",
    );
  }
}

markWall(OwnTopics.prototype);

/** The owners of subscriptions, by their ids in an engine. */
const subscriptions = new WeakMap<object, Map<number, TopicOwner>>();

function subscribed(engine: object): Map<number, TopicOwner> {
  const known = subscriptions.get(engine) ?? new Map<number, TopicOwner>();
  subscriptions.set(engine, known);
  return known;
}

/** S6: one that is kept, and handed to the next who subscribes, would deliver the first one's events. */
function refuseOther({ id, isShared }: TopicOwner, what: string): void {
  const now = storage.getStore()?.tenant?.id;
  if (isShared || now === undefined || now === id) return;
  throw new TenantSwitchRefusedError(
    `${what} of TenantPubSub was made inside another tenant's context. Make one for each subscriber, when it subscribes; what is ` +
      "everybody's is in `TenantPubSub.shared(name)`.",
  );
}

const unusable = () =>
  new TenancyConfigurationError(
    'TenantPubSub',
    'is given an engine without publish, subscribe, unsubscribe and an async iterator',
    'Pass one, such as `new PubSub()` of graphql-subscriptions.',
  );
