import { storage } from '../../context/storage.js';
import { type Connection, requireOwnSocket } from '../connections/connection.js';
import type { IoSocket } from './shapes.js';

/** Members by which socket.io tells a socket what has come: a message, an acknowledgement, the end. */
const COMING = ['_onpacket', '_onclose', '_onerror'] as const;

/** S1: keeps the tenant with a socket, and enters it for everything that comes from there, whoever listens. */
export function holdSocket(socket: IoSocket, connection: Connection): void {
  for (const member of COMING) {
    const original = socket[member];
    if (typeof original !== 'function') continue;
    socket[member] = (...args: unknown[]) => storage.run(connection.store, () => Reflect.apply(original, socket, args));
  }
  // A version that has no such member goes on from here with each event.
  if (typeof socket._onpacket !== 'function') socket.use((_event, next) => storage.run(connection.store, next));
  const { emit } = socket;
  socket.emit = (...args) => {
    requireOwnSocket(connection);
    return emit.apply(socket, args);
  };
}
