import { TenancyConfigurationError } from '../../errors/configuration-error.js';
import { isWall } from '../../leftovers/wall.js';
import type { WsClient } from './shapes.js';

/** `WebSocket.OPEN`. */
const OPEN = 1;

/**
 * Sends to all open clients of the current tenant that are connected to this process: what `server.emit` is with socket.io. A string or
 * bytes go as they are, everything else as JSON, such as Nest's `{ event, data }`.
 *
 * @param server - the server of `ws`, as `@WebSocketServer()` gives it
 * @param except - a client that it is not sent to, such as the one that it came from
 * @throws `tenant_required` outside a tenant, where there is somebody to send to; `tenancy_misconfigured` for a server that is not of
 * `tenantSockets`, or keeps no list of its clients.
 * @example
 * ```ts
 * import { broadcast } from '@tenancy/core/websockets';
 * import type { WebSocketServer } from 'ws';
 *
 * const announce = (server: WebSocketServer, title: string) => broadcast(server, { event: 'job', data: { title } });
 * ```
 */
export function broadcast(server: object, message: unknown, except?: object): void {
  const clients = (server as { readonly clients?: Iterable<WsClient> } | null)?.clients;
  if (!isWall(server) || !clients) {
    throw new TenancyConfigurationError(
      'broadcast',
      'is given something that is no server of `tenantSockets`, or one with `clientTracking: false`',
      'Pass the server of ws as `@WebSocketServer()` gives it.',
    );
  }
  const isReady = typeof message === 'string' || ArrayBuffer.isView(message) || message instanceof ArrayBuffer;
  const data = isReady ? message : JSON.stringify(message);
  for (const client of clients) if (client !== except && client.readyState === OPEN) client.send(data);
}
