import { STAMP } from '../stamp/stamp.js';

type Raw = Record<string, unknown>;

/** A client of Nest's, with what its transport needs to send a packet. */
export interface Serializing {
  serializer?: { serialize(value: unknown, ...options: unknown[]): unknown };
  readonly options?: Raw | undefined;
  mergeHeaders?(headers: unknown): unknown;
  mergePacketOptions?(options: unknown): unknown;
}

/** M2: the place of a transport for metadata. `before` is given what is to be serialized, and `after` what that has become. */
export interface SentPlace {
  before<T>(value: T, stamp: string | undefined): T;
  after(sent: unknown, stamp: string | undefined): unknown;
}

/** The place of a client, which is known by its shape: it may be of a class that extends one of Nest's. */
export function placeIn(client: Serializing): SentPlace {
  if ('emitBatch' in client) return kafka;
  if ('mergePacketOptions' in client && Number(client.options?.['protocolVersion']) === 5) return mqtt5(client);
  if (!('mergeHeaders' in client)) return packet;
  return 'consumeChannel' in client ? rabbit : nats(client);
}

const same = <T>(value: T): T => value;

/** TCP, Redis, MQTT 3.1.1 and custom transports: the packet itself, which Nest 12 shows as the metadata of a context. */
const packet: SentPlace = {
  before: (value, stamp) => (stamp === undefined ? value : withMetadata(value as Raw, stamp)) as typeof value,
  // A serializer of the application's may have left it out.
  after: (sent, stamp) => (stamp === undefined || !isPlain(sent) ? sent : withMetadata(sent, stamp)),
};

const kafka: SentPlace = {
  before: same,
  after: (sent, stamp) =>
    stamp === undefined ? sent : { ...(sent as Raw), headers: withStamp((sent as Raw)['headers'], stamp) },
};

const rabbit: SentPlace = {
  before: same,
  after: (sent, stamp) => {
    if (stamp === undefined) return sent;
    const options = (sent as Raw)['options'] as Raw | undefined;
    return { ...(sent as Raw), options: { ...options, headers: withStamp(options?.['headers'], stamp) } };
  },
};

/** Headers of NATS, which its package makes. */
interface NatsHeaders {
  keys(): Iterable<string>;
  values(key: string): Iterable<string>;
  append(key: string, value: string): void;
}

const nats = (client: Serializing): SentPlace => ({
  before: same,
  after: (sent, stamp) => {
    if (stamp === undefined) return sent;
    const given = (sent as Raw)['headers'] as NatsHeaders | undefined;
    // The client makes headers where it has some of its own to add: those of a record are the application's, and may be sent again.
    const adding = Object.create(client, {
      options: { value: { headers: { [STAMP]: stamp } } },
    }) as Required<Serializing>;
    const headers = adding.mergeHeaders(undefined) as NatsHeaders;
    for (const key of given?.keys() ?? []) {
      if (key !== STAMP) for (const value of given?.values(key) ?? []) headers.append(key, value);
    }
    return { ...(sent as Raw), headers };
  },
});

/** The client asks for the options of a packet right after it has serialized it. */
function mqtt5(client: Serializing): SentPlace {
  let pending: string | undefined;
  const { mergePacketOptions } = client as Required<Serializing>;
  client.mergePacketOptions = (given) => {
    const options = mergePacketOptions.call(client, given) as Raw | undefined;
    if (pending === undefined) return options;
    const properties = (options?.['properties'] ?? {}) as Raw;
    const userProperties = withStamp(properties['userProperties'], pending);
    pending = undefined;
    return { ...options, properties: { ...properties, userProperties } };
  };
  return {
    before: same,
    after: (sent, stamp) => {
      pending = stamp;
      return sent;
    },
  };
}

const withStamp = (headers: unknown, stamp: string): Raw => ({ ...(headers as Raw | undefined), [STAMP]: stamp });

const withMetadata = (value: Raw, stamp: string): Raw => ({ ...value, metadata: withStamp(value['metadata'], stamp) });

function isPlain(value: unknown): value is Raw {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
