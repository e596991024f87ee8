import { isThenable } from '../context/thenable.js';
import { placeOf } from './message-place.js';
import { stampMessage } from './message-stamp.js';
import { placeIn, type Serializing } from './sent-place.js';
import type { Wiring } from './wiring.js';

const MADE = Symbol('stamp');

/** A packet of Nest's, which one client makes of one message. */
export interface Stamped {
  readonly pattern: unknown;
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

/** Has `packet` carry the stamp of a tenant, in the place that the transport of `client` has for it. */
export function stampPacket(client: Serializing, packet: Stamped, tenantId: string, wiring: Wiring): void {
  const place = placeOf(packet.pattern);
  packet[MADE] = () => stampMessage(tenantId, place, wiring.secrets);
  holdSerializer(client);
}

/** Serializers see each packet on its way out, and may be the application's own. */
function holdSerializer(client: Serializing): void {
  const { serializer } = client;
  if (!serializer || own.has(serializer)) return;
  const place = placeIn(client);
  const held = Object.create(serializer, {
    serialize: {
      value: (value: Stamped | undefined, ...options: unknown[]): unknown => {
        const stamp = (value?.[MADE] ?? serialized?.[MADE])?.();
        const packet = place.before(value, stamp);
        const sent: unknown = serializer.serialize(packet, ...options);
        return isThenable(sent) ? sent.then((it) => place.after(it, stamp)) : place.after(sent, stamp);
      },
    },
  }) as typeof serializer;
  own.add(held);
  client.serializer = held;
}
