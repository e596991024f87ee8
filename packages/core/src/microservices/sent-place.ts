import { STAMP } from '../stamp/stamp.js';

type Raw = Record<string, unknown>;

/** A client of Nest's, with what its transport needs to send a packet. */
export interface Serializing {
  serializer?: { serialize(value: unknown, ...options: unknown[]): unknown };
  readonly options?: Raw | undefined;
  mergeHeaders?(headers: unknown): unknown;
  mergePacketOptions?(options: unknown): unknown;
}

/** M2: the place of a transport for metadata, put into what a packet has become. */
export type SentPlace = (sent: unknown, stamp: string | undefined) => unknown;

/** The place of a client, which is known by its shape: it may be of a class that extends one of Nest's. */
export function placeIn(client: Serializing): SentPlace {
  if ('mergePacketOptions' in client && Number(client.options?.['protocolVersion']) === 5) return mqtt5(client);
  if (isInPacket(client)) return packet;
  if ('emitBatch' in client) return kafka;
  return 'consumeChannel' in client ? rabbit : nats(client);
}

/** TCP, Redis, MQTT and custom transports: the packet itself, which Nest 12 shows as the metadata of a context. */
export function isInPacket(client: Serializing): boolean {
  return !('emitBatch' in client || 'mergeHeaders' in client);
}

/** A serializer of the application's may have left it out. */
const packet: SentPlace = (sent, stamp) => {
  if (stamp === undefined || !isPlain(sent)) return sent;
  const metadata = sent['metadata'] as Raw | undefined;
  if (metadata?.[STAMP] === stamp) return sent;
  return { ...sent, metadata: withStamp(metadata, stamp) };
};

const kafka: SentPlace = (sent, stamp) =>
  stamp === undefined ? sent : { ...(sent as Raw), headers: withStamp((sent as Raw)['headers'], stamp) };

const rabbit: SentPlace = (sent, stamp) => {
  if (stamp === undefined) return sent;
  const options = (sent as Raw)['options'] as Raw | undefined;
  return { ...(sent as Raw), options: { ...options, headers: withStamp(options?.['headers'], stamp) } };
};

/** Headers of NATS, which its package makes. */
interface NatsHeaders {
  keys(): Iterable<string>;
  values(key: string): Iterable<string>;
  append(key: string, value: string): void;
}

function nats(client: Serializing): SentPlace {
  const headers = { [STAMP]: '' };
  // The client makes headers where it has some of its own to add: those of a record are the application's, and may be sent again.
  const adding = Object.create(client, { options: { value: { headers } } }) as Required<Serializing>;
  return (sent, stamp) => {
    if (stamp === undefined) return sent;
    const given = (sent as Raw)['headers'] as NatsHeaders | undefined;
    headers[STAMP] = stamp;
    const made = adding.mergeHeaders(undefined) as NatsHeaders;
    for (const key of given?.keys() ?? []) {
      if (key !== STAMP) for (const value of given?.values(key) ?? []) made.append(key, value);
    }
    return { ...(sent as Raw), headers: made };
  };
}

/**
 * The client asks for the options of a packet right after it has serialized it. The packet has the stamp as well: a broker hands no
 * properties on to a server that speaks MQTT 3.1.1.
 */
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
  return (sent, stamp) => {
    pending = stamp;
    return packet(sent, stamp);
  };
}

export const withStamp = (headers: unknown, stamp: string): Raw => ({
  ...(headers as Raw | undefined),
  [STAMP]: stamp,
});

function isPlain(value: unknown): value is Raw {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
