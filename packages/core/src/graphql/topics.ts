import { randomUUID } from 'node:crypto';
import { Logger } from '@nestjs/common';
import { TenantContext } from '../context/tenant-context.js';
import { isTenancyError } from '../errors/brand.js';
import { TenancyConfigurationError } from '../errors/configuration-error.js';
import { TenantContextMissingError } from '../errors/context-errors.js';
import { makeStamp, readStamp, STAMP, type StampSecrets } from '../stamp/stamp.js';

/** The owner of topics: one tenant, or everybody under one name. */
export interface TopicOwner {
  readonly id: string;
  /** The beginning of all its topics, in which nothing is a wildcard of any broker. */
  readonly begin: string;
  /** True for everybody. */
  readonly isShared: boolean;
}

/** A payload on its way, with the stamp of whoever published it. */
interface Message {
  readonly [STAMP]: string;
  /** Mark of the message, which is signed. */
  readonly id?: string;
  readonly payload: unknown;
}

const context = new TenantContext();

/** `*` is a wildcard of Redis and NATS, and stays as it is otherwise. */
const encoded = (name: string): string => encodeURIComponent(name).replaceAll('*', '%2A').replaceAll('.', '%2E');

/**
 * The tenant of the work in hand. S6: one that is asked for without a tenant would be everybody's.
 *
 * @throws `tenant_context_missing`, or the refusal of the request.
 */
export function currentOwner(): TopicOwner {
  try {
    return tenantOwner(context.tenantId);
  } catch (refusal) {
    if (!isTenancyError(refusal, 'tenant_context_missing')) throw refusal;
    throw new TenantContextMissingError(
      "a topic of a tenant is asked for outside any tenant's context. Publish and subscribe inside (`TenantContext.run`), or, for what " +
        "is everybody's, use `TenantPubSub.shared(name)`.",
    );
  }
}

const tenantOwner = (id: string): TopicOwner => ({ id, begin: `tenancy/t/${encoded(id)}/`, isShared: false });

/** Everybody, under `name`. */
export const sharedOwner = (name: string): TopicOwner => ({
  id: name,
  begin: `tenancy/s/${encoded(name)}/`,
  isShared: true,
});

/**
 * The topic as the engine has it. What is a wildcard in the application's own part finds topics of `owner` alone.
 *
 * @throws `tenancy_misconfigured` when `topic` is no string.
 */
export function topicOf({ begin }: TopicOwner, topic: unknown): string {
  if (typeof topic === 'string') return begin + topic;
  throw new TenancyConfigurationError('TenantPubSub', 'is given a topic that is no string', 'Pass its name.');
}

/** `payload`, as it is published to `topic`. */
export function sealed({ id: owner }: TopicOwner, topic: string, payload: unknown, secrets: StampSecrets): Message {
  if (secrets.length === 0) return { [STAMP]: makeStamp(owner, { place: topic, id: '' }, []), payload };
  const id = randomUUID();
  return { [STAMP]: makeStamp(owner, { place: `pubsub:${topic}`, id }, secrets), id, payload };
}

/** The payload that came by one of `topics`; `undefined`, and a line in the log, where it is not the owner's. */
export function openedFor(
  { id: owner }: TopicOwner,
  topics: readonly string[],
  message: unknown,
  secrets: StampSecrets,
): { readonly payload: unknown } | undefined {
  const { [STAMP]: stamp, id, payload } = (message ?? {}) as Partial<Message>;
  const isStamped = topics.some(
    (topic) => readStamp(stamp, { place: `pubsub:${topic}`, id: `${id}` }, secrets) === owner,
  );
  if (isStamped) return { payload };
  // Neither whose it is, nor its topic.
  logger.error(
    "an event is not its subscriber's, and is not delivered. Something else publishes to topics that begin with " +
      '"tenancy/", or under another secret.',
  );
  return undefined;
}

const logger = new Logger('TenantPubSub');
