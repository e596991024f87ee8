import type { IncomingMessage } from 'node:http';
import type { TenantRequest } from '../resolution/tenant-source.js';

/** The host name of a request behind a proxy, as the application's own trust-proxy setting has it. */
export type HostnameOf = (request: IncomingMessage) => string | undefined;

/** A request that asks for a connection, as sources see it. */
export interface HandshakeRequest extends TenantRequest {
  readonly headers: IncomingMessage['headers'];
}

/**
 * A view of an upgrade request for sources: no middleware and no adapter have seen it, so it has the host name that they would have given
 * it, and a `token` that came beside its headers as the `Authorization` that it would have had.
 *
 * It is an object of its own for each handshake: several may come over one connection, each with its own token, and what is verified for
 * one is not the others'.
 */
export function handshakeRequest(request: IncomingMessage, token: unknown, hostnameOf: HostnameOf): HandshakeRequest {
  const { headers, rawHeaders } = request;
  const properties: PropertyDescriptorMap = { hostname: { value: hostnameOf(request), enumerable: true } };
  const authorization = typeof token === 'string' && token !== '' ? bearer(token) : undefined;
  if (authorization !== undefined && authorization !== headers.authorization) {
    properties['headers'] = { value: { ...headers, authorization: headers.authorization ?? authorization } };
    // Beside a header that says otherwise it is a second one, which no source accepts.
    properties['rawHeaders'] = { value: [...rawHeaders, 'Authorization', authorization] };
  }
  return Object.create(request, properties) as HandshakeRequest;
}

const bearer = (token: string) => (/^bearer /i.test(token) ? token : `Bearer ${token}`);
