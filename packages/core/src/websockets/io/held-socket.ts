import { outsideAnyTenant } from '../../context/enter.js';
import { storage } from '../../context/storage.js';
import { type Connection, refuseOthersSocket, requireOwnSocket } from '../connections/connection.js';
import type { IoSocket } from './shapes.js';

/** Members by which socket.io tells a socket what has come: its connection, a message, an acknowledgement, the end. */
const COMING = ['_onconnect', '_onpacket', '_onclose', '_onerror', '_cleanup'] as const;

/** `EVENT` and `BINARY_EVENT` of its protocol: what is said, where others open, answer and end. */
const SAID: ReadonlySet<unknown> = new Set([2, 5]);

/** S1: keeps the tenant with a socket, and enters it for everything that comes from there, whoever listens. */
export function holdSocket(socket: IoSocket, connection: Connection): void {
  for (const member of COMING) {
    const original = socket[member];
    if (typeof original !== 'function') continue;
    socket[member] = (...args: unknown[]) => storage.run(connection.store, () => Reflect.apply(original, socket, args));
  }
  // A version that has no such member goes on from here with each event.
  if (typeof socket._onpacket !== 'function') socket.use((_event, next) => storage.run(connection.store, next));
  const { emit, packet, disconnect } = socket;
  socket.emit = (...args) => {
    requireOwnSocket(connection);
    return emit.apply(socket, args);
  };
  if (typeof packet === 'function') {
    socket.packet = (said: { readonly type?: unknown }, ...rest: unknown[]) => {
      if (SAID.has(said?.type)) requireOwnSocket(connection);
      return Reflect.apply(packet, socket, [said, ...rest]);
    };
  }
  socket.disconnect = (...args) => {
    refuseOthersSocket(connection);
    // With `true` it ends the sockets of its client in other namespaces too, which may be another tenant's.
    return outsideAnyTenant(() => disconnect.apply(socket, args));
  };
}
