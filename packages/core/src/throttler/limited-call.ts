import type { ExecutionContext } from '@nestjs/common';
import { requestOf } from '../entrances/request-of.js';

/** The parts of a call that a limit asks for, in the form that Nest's guard reads: headers, an address, and an answer to write headers to. */
export interface LimitedCall {
  // biome-ignore lint/suspicious/noExplicitAny: as Nest's own guard declares it.
  readonly req: Record<string, any>;
  // biome-ignore lint/suspicious/noExplicitAny: as Nest's own guard declares it.
  readonly res: Record<string, any>;
}

/** The call behind `context`, in any transport. Where there is no request it has no headers, and an address where there is a socket. */
export function limitedCall(context: ExecutionContext): LimitedCall {
  switch (context.getType<'http' | 'graphql' | 'ws' | 'rpc'>()) {
    case 'http':
      return { req: context.getArgByIndex(0), res: context.getArgByIndex(1) };
    case 'graphql': {
      const req = (requestOf(context) ?? {}) as Answered;
      const shared = context.getArgs().find(isShared) as Answered | undefined;
      return { req: withHeaders(req), res: shared?.res ?? shared?.reply ?? req.res ?? {} };
    }
    case 'ws':
      return { req: ofSocket(context.switchToWs().getClient()), res: {} };
    default:
      return { req: { headers: {} }, res: {} };
  }
}

interface Answered {
  readonly headers?: object;
  readonly res?: object;
  readonly reply?: object;
}

interface Socket {
  readonly handshake?: { readonly address?: string; readonly headers?: object };
  readonly _socket?: { readonly remoteAddress?: string };
}

const isShared = (arg: unknown): boolean =>
  typeof arg === 'object' && arg !== null && ('req' in arg || 'res' in arg || 'reply' in arg);

const withHeaders = (req: Answered): Answered => (req.headers ? req : { ...req, headers: {} });

/** The address of a client of socket.io, or of `ws`. */
const ofSocket = ({ handshake, _socket }: Socket) => ({
  ip: handshake?.address ?? _socket?.remoteAddress,
  headers: handshake?.headers ?? {},
});
