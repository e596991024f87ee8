import type { IncomingMessage } from 'node:http';
import { storage, type TenantStore } from '../context/storage.js';
import { storeOf } from '../entrances/request-entrance.js';
import { type ContextFunction, rememberingRequest } from '../entrances/request-of.js';
import { nodeRequest } from '../resolution/tenant-source.js';
import { tokensOf } from './connection-params.js';
import type { GraphQLSockets, Socket } from './graphql-sockets.js';

/** The part of Mercurius' `subscription` that is used here. */
export interface MercuriusOptions {
  readonly context?: ContextFunction;
  readonly onConnect?: (message: Init) => unknown;
}

interface Init {
  readonly payload?: unknown;
}

interface Connection {
  readonly socket: Socket;
  readonly request: FastifyRequest;
  isIn: boolean;
}

interface FastifyRequest {
  readonly headers: Readonly<Record<string, unknown>>;
}

const TOO_MANY = 4429;

/**
 * Options of Mercurius' subscriptions, with which a socket is identified before it is acknowledged. Its upgrade request has come through
 * the entrance, and all that comes over it runs in the context of that: what `connection_init` adds changes the store in place.
 */
export function withTenants(own: MercuriusOptions, sockets: GraphQLSockets): MercuriusOptions {
  const connections = new WeakMap<TenantStore, Connection>();
  const make = rememberingRequest(async (...about) => (await own.context?.(...about)) ?? {});
  return {
    ...own,
    // It is told the socket, and not what the client sent: that comes next, and without the socket.
    context: async (...about) => {
      const [socket, request] = about as [Socket, FastifyRequest];
      const store = storeOf(request);
      if (!store || connections.has(store)) {
        // Mercurius makes everything anew for a second one.
        socket.close(TOO_MANY, 'Too many initialisation requests');
        throw new Error('A socket is initialised once.');
      }
      connections.set(store, { socket, request, isIn: false });
      return {};
    },
    onConnect: async (message) => {
      const active = storage.getStore();
      const store = active?.origin ?? active;
      const connection = store && connections.get(store);
      if (!connection) return false;
      const { socket, request } = connection;
      const raw = nodeRequest(request) as IncomingMessage;
      // Of an operation, which may bring one of its own.
      if (connection.isIn) {
        return (await sockets.agrees(store, raw, message.payload)) && (own.onConnect ? own.onConnect(message) : true);
      }
      connection.isIn = true;
      if (!(await sockets.enter(socket, raw, message.payload, store))) return false;
      const made = (await make(socket, request)) as { readonly request?: unknown; readonly req?: unknown };
      const answer = own.onConnect ? await own.onConnect(message) : true;
      if (!answer) return false;
      const isTheirs = made.request !== undefined && made.request !== request;
      return {
        req: viewOf(request, message.payload),
        ...made,
        ...(typeof answer === 'object' && answer),
        // Mercurius writes whatever the client sent into the headers of this one: it is nobody's but the resolvers' that ask for it.
        request: isTheirs ? made.request : viewOf(request, message.payload),
      };
    },
  };
}

/** The request with headers of its own, and the token that came beside it. */
function viewOf(request: FastifyRequest, params: unknown): object {
  const [token] = tokensOf(params);
  const { headers } = request;
  const authorization = headers['authorization'] ?? (token && `Bearer ${token}`);
  return Object.create(request, {
    headers: { value: { ...headers, ...(authorization ? { authorization } : {}) }, enumerable: true },
  });
}
