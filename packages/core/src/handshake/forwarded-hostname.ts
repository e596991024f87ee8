import type { IncomingMessage } from 'node:http';
import type { HostnameOf } from './handshake-request.js';

/** Nest's HTTP adapter, of which either framework keeps its trust-proxy setting to its own requests. */
export interface HttpAdapterLike {
  getType?(): string;
  getInstance?(): unknown;
}

const none: HostnameOf = () => undefined;

/**
 * The way to the host name of an upgrade request as Express's or Fastify's own requests tell it (`trust proxy`, `trustProxy`), which is
 * asked only where a proxy says something. Where there is neither, a proxy is not trusted.
 */
export function forwardedHostname(adapter: HttpAdapterLike | null | undefined): HostnameOf {
  const read = reading(adapter);
  return read === none ? none : (request) => (request.headers['x-forwarded-host'] ? read(request) : undefined);
}

function reading(adapter: HttpAdapterLike | null | undefined): HostnameOf {
  const instance = adapter?.getInstance?.() as object | undefined;
  switch (instance ? adapter?.getType?.() : undefined) {
    case 'express':
      return expressHostname(instance as Express);
    case 'fastify':
      return fastifyHostname(instance as object);
    default:
      return none;
  }
}

/** The part of Express that is used here: the prototype of its requests. */
interface Express {
  readonly request?: object;
}

const expressHostname =
  (app: Express): HostnameOf =>
  (request) => {
    if (!app.request) return undefined;
    const { headers, socket } = request;
    const seen = Object.create(app.request, {
      headers: { value: headers },
      socket: { value: socket },
      connection: { value: socket },
    }) as { readonly hostname?: string };
    return seen.hostname;
  };

type FastifyRequest = new (...args: readonly unknown[]) => { readonly hostname?: string };

function fastifyHostname(instance: object): HostnameOf {
  // It has no public name; where a version has none, a proxy is not trusted.
  const key = Object.getOwnPropertySymbols(instance).find(({ description }) => description === 'fastify.Request');
  const own = key && (instance as Record<symbol, unknown>)[key];
  if (typeof own !== 'function') return none;
  return (request: IncomingMessage) => {
    try {
      return new (own as FastifyRequest)('handshake', {}, request, {}, undefined, {}).hostname;
    } catch {
      return undefined;
    }
  };
}
