import { STAMP } from '../stamp/stamp.js';

/** A payload on its way from a server's deserializer to a handler, with the stamp that came in its packet. */
export class Carried {
  constructor(
    readonly data: unknown,
    readonly stamp: string,
  ) {}
}

interface Server {
  deserializer?: { deserialize(value: unknown, ...options: unknown[]): unknown };
}

type Packet = Readonly<Record<string, unknown>> | null | undefined;

const own = new WeakSet<object>();

/** Takes stamps off the packets of a server, whose transport may have no other place for them. */
export function carryStamps(server: Server): void {
  const { deserializer } = server;
  if (typeof deserializer?.deserialize !== 'function' || own.has(deserializer)) return;
  const held = Object.create(deserializer, {
    deserialize: {
      value: (value: Packet, ...options: unknown[]): unknown => {
        const packet = deserializer.deserialize(value, ...options);
        return packet instanceof Promise
          ? packet.then((it: Packet) => withoutStamp(it, value))
          : withoutStamp(packet as Packet, value);
      },
    },
  }) as typeof deserializer;
  own.add(held);
  server.deserializer = held;
}

/** A deserializer of the application's may have left the metadata out. */
function withoutStamp(packet: Packet, value: Packet): Packet {
  const metadata = metadataOf(packet) ?? metadataOf(value);
  const stamp = metadata?.[STAMP];
  if (typeof stamp !== 'string' || typeof packet !== 'object' || packet === null) return packet;
  return { ...packet, data: new Carried(packet['data'], stamp) };
}

function metadataOf(value: unknown): Packet {
  if (typeof value !== 'object' || value === null) return null;
  const { metadata } = value as { readonly metadata?: unknown };
  return typeof metadata === 'object' ? (metadata as Packet) : null;
}
