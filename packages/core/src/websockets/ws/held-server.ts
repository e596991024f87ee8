import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { storage } from '../../context/storage.js';
import { callListenersInside } from '../../entrances/request-events.js';
import { tenancyErrors } from '../../errors/codes.js';
import type { TenancyError } from '../../errors/tenancy-error.js';
import { markWall } from '../../leftovers/wall.js';
import type { Admittance } from '../connections/admittance.js';
import { type Connection, refuseOthersSocket, requireOwnSocket } from '../connections/connection.js';
import type { Entrance } from '../connections/gateways.js';
import { OwnClients } from './own-clients.js';
import type { Upgraded, WsClient, WsServer } from './shapes.js';

export const isWsServer = (value: unknown): value is WsServer =>
  typeof value === 'object' &&
  value !== null &&
  'handleUpgrade' in value &&
  typeof value.handleUpgrade === 'function' &&
  'shouldHandle' in value;

const held = new WeakSet<WsServer>();

/** Identifies the tenant of each connection that a server of ws upgrades, and keeps it with that. */
export function holdWsServer(server: WsServer, { door, who, origins }: Entrance, admittance: Admittance): void {
  if (held.has(server) || door === "nobody's") return;
  held.add(server);
  markWall(server);
  if (server.clients) server.clients = new OwnClients(server.clients);
  const handleUpgrade = server.handleUpgrade.bind(server);
  const upgrade = async (request: IncomingMessage, socket: Duplex, head: Buffer, done: Upgraded): Promise<void> => {
    const gone = () => void socket.destroy();
    socket.on('error', gone);
    const admission = await admittance.identify(who, request, undefined, origins);
    socket.off('error', gone);
    if (!admission.tenant && admission.isForeign) return answer(socket, admission.refusal);
    handleUpgrade(request, socket, head, (client, asked) => {
      const connection = admittance.open(client, admission, door, (refusal) => end(client, refusal));
      if (connection) {
        holdClient(client, connection);
        storage.run(connection.store, () => done(client, asked));
      } else {
        client.on('error', () => {});
        end(client, admission.refusal as TenancyError);
      }
    });
  };
  server.handleUpgrade = (request, socket, head, done) => {
    upgrade(request, socket, head, done).catch(() => socket.destroy());
  };
}

/** S1: everything that comes from a client is heard in its tenant's context, whoever listens. */
function holdClient(client: WsClient, connection: Connection): void {
  callListenersInside(connection.store, client);
  // By which ws itself closes a client, from wherever a queue for compression has got to.
  callListenersInside(connection.store, client._receiver);
  const { send, close, terminate } = client;
  client.send = (...args) => {
    requireOwnSocket(connection);
    send.apply(client, args);
  };
  client.close = (...args) => {
    refuseOthersSocket(connection);
    close.apply(client, args);
  };
  client.terminate = () => {
    refuseOthersSocket(connection);
    terminate.call(client);
  };
  client.once('close', () => connection.stop());
}

/** A code that a browser can read, which sees nothing of an upgrade that is refused: 4401 is the 401 of HTTP. */
const end = (client: WsClient, { code }: TenancyError): void => client.close(4000 + tenancyErrors[code].status, code);

/** For the page of a stranger, which learns nothing either way. */
function answer(socket: Duplex, { code }: TenancyError): void {
  const body = JSON.stringify({ statusCode: 403, message: code, error: 'Forbidden' });
  socket.end(
    `HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}
