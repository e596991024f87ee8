import { around, can, type Duck, on } from './duck.js';
import type { Saw } from './observer.js';

/** A gateway's `@WebSocketServer()`: a socket.io server or namespace, or one of `ws`. */
export function watchSockets(server: unknown, saw: Saw): void {
  if (typeof server !== 'object' || server === null) return;
  const duck = server as Duck;
  if (can(duck, 'of') && can(duck, 'on')) {
    const namespaces = duck['_nsps'];
    if (namespaces instanceof Map) for (const namespace of namespaces.values()) watchNamespace(namespace as Duck, saw);
    on(duck, 'new_namespace', (namespace) => watchNamespace(namespace, saw));
  } else if (duck['adapter'] && duck['sockets'] instanceof Map) watchNamespace(duck, saw);
  else if (duck['clients'] instanceof Set && can(duck, 'on')) {
    const watch = (socket: Duck) =>
      around(socket, 'send', { before: ([payload]) => saw({ exit: 'socket', name: 'send', payload }) });
    for (const socket of duck['clients'] as Set<Duck>) watch(socket);
    on(duck, 'connection', watch);
  }
}

function watchNamespace(namespace: Duck, saw: Saw): void {
  if (watched.has(namespace)) return;
  watched.add(namespace);
  // Each way to emit to several sockets ends here, with the rooms that it goes to.
  around(namespace['adapter'] as Duck, 'broadcast', {
    before: ([packet, options]) => {
      const [event, ...payload] = [(packet as Duck)['data']].flat() as unknown[];
      const rooms = [...(((options as Duck)['rooms'] as Iterable<unknown> | undefined) ?? [])].map(String);
      saw({ exit: 'socket', name: `${String(event)} to ${rooms.join(', ') || 'everybody'}`, payload });
    },
  });
  const watch = (socket: Duck) =>
    around(socket, 'emit', {
      before: ([event, ...payload]) => saw({ exit: 'socket', name: `${String(event)} to one socket`, payload }),
    });
  const sockets = namespace['sockets'];
  if (sockets instanceof Map) for (const socket of sockets.values()) watch(socket as Duck);
  on(namespace, 'connection', watch);
}

const watched = new WeakSet<object>();
