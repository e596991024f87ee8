import type { IncomingMessage } from 'node:http';
import { storage } from '../context/storage.js';
import { type ContextFunction, rememberingRequest } from '../entrances/request-of.js';
import { tokensOf } from './connection-params.js';
import type { GraphQLSockets, Socket } from './graphql-sockets.js';

/** The part of graphql-ws' options that is used here. */
export interface GraphqlWsOptions {
  readonly context?: unknown;
  readonly onConnect?: (connection: Connection) => unknown;
}

/** The object that graphql-ws has of a socket, and hands to every hook. */
interface Connection {
  readonly connectionParams?: unknown;
  readonly extra: { readonly socket: Socket; readonly request: IncomingMessage };
}

/**
 * Options of graphql-ws, with which a socket is identified before it is acknowledged: until then graphql-ws runs nothing that comes over
 * it, and from then on all of it, every event of a subscription included, runs in the context of the socket.
 */
export function withTenants(own: GraphqlWsOptions, sockets: GraphQLSockets): GraphqlWsOptions {
  return {
    ...own,
    ...(typeof own.context === 'function' && { context: rememberingRequest(own.context as ContextFunction) }),
    onConnect: async (connection) => {
      const { socket, request } = connection.extra;
      const store = await sockets.enter(socket, request, connection.connectionParams);
      if (!store) return false;
      Object.assign(connection, requestFields(request, connection.connectionParams));
      return storage.run(store, () => own.onConnect?.(connection));
    },
  };
}

/** Nest hands the connection to resolvers as the request: it has what guards look for in one, and the token that came beside it. */
function requestFields(raw: IncomingMessage, params: unknown): object {
  const [token] = tokensOf(params);
  const { headers, url, method } = raw;
  const authorization = headers.authorization ?? (token && `Bearer ${token}`);
  return { raw, url, method, headers: { ...headers, ...(authorization && { authorization }) } };
}
