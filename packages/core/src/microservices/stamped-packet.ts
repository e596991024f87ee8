import { isThenable } from '../context/thenable.js';
import { placeOf } from './message-place.js';
import { stampMessage } from './message-stamp.js';
import { isInPacket, placeIn, type Serializing, withStamp } from './sent-place.js';
import type { Wiring } from './wiring.js';

const MADE = Symbol('stamp');

/** A packet of Nest's, which one client makes of one message. */
export interface Stamped {
  readonly pattern: unknown;
  metadata?: unknown;
  /** Makes the stamp of the packet: another one for each message of a batch. Copies of the packet have it, too. */
  [MADE]?: () => string;
}

const own = new WeakSet<object>();

/** Of what is being serialized: Kafka's client hands on the payload without its packet, at once. */
let serialized: Stamped | undefined;

export const isStamped = (packet: Stamped): boolean => MADE in packet;

/** Runs what serializes `packet`. */
export function whileSerializing<R>(packet: Stamped, call: () => R): R {
  const before = serialized;
  serialized = packet;
  try {
    return call();
  } finally {
    serialized = before;
  }
}

/** Has `packet` carry the stamp of a tenant. */
export function stampPacket(client: Serializing, packet: Stamped, tenantId: string, wiring: Wiring): void {
  const place = placeOf(packet.pattern);
  const make = () => stampMessage(tenantId, place, wiring.secrets);
  if (!isInPacket(client)) {
    packet[MADE] = make;
    return;
  }
  // One that has no serializer, or asks none, sends the packet itself.
  const stamp = make();
  packet[MADE] = () => stamp;
  packet.metadata = withStamp(packet.metadata, stamp);
}

/** Has what `client` serializes carry its stamp in the transport's own place. Serializers may be the application's own. */
export function holdSerializer(client: Serializing): void {
  const { serializer } = client;
  if (!serializer || own.has(serializer)) return;
  const place = placeIn(client);
  const held = Object.create(serializer, {
    serialize: {
      value: (value: Stamped | undefined, ...options: unknown[]): unknown => {
        const stamp = (value?.[MADE] ?? serialized?.[MADE])?.();
        const sent: unknown = serializer.serialize(value, ...options);
        return isThenable(sent) ? sent.then((it) => place(it, stamp)) : place(sent, stamp);
      },
    },
  }) as typeof serializer;
  own.add(held);
  client.serializer = held;
}
