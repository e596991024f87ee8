import { setTimeout as sleep } from 'node:timers/promises';
import type { Tenant } from '@tenancy/core';
import type { Entrance } from '../../discovery/entrance.js';
import { gatewayHandlerOf } from '../../discovery/gateway-handlers.js';
import type { IsolationHarness } from '../../harness/isolation-harness.js';
import {
  answerTo,
  EXCEPTION,
  type Heard,
  openSocket,
  type SocketClient,
  SocketRefused,
} from '../../harness/socket-client.js';
import type { RequestExample } from '../target/example.js';
import type { NoTransport, Transport, TransportAnswer, TransportCall } from '../target/transport.js';
import { payloadsTo } from './payload.js';

/**
 * A message to a gateway, over a socket of the caller's own: with a handshake of its own for each call. What it sees is all that its socket
 * is sent. Null for any other entrance.
 */
export function socketTransport(
  harness: IsolationHarness,
  { id, handler }: Entrance,
  example: RequestExample | undefined,
): Transport | NoTransport | null {
  const gateway = gatewayHandlerOf(harness.app, handler);
  if (!gateway) return null;
  const { protocol, namespace, path, port, event, payload } = gateway;
  const payloads = payloadsTo(
    harness,
    { id, method: 'SOCKET', name: event ?? 'connect', schema: payload, seen: () => undefined },
    example,
  );
  if ('unknown' in payloads) return payloads;
  const url = new URL(harness.url);
  if (port !== null) url.port = String(port);
  const address = { protocol, url: url.origin, namespace, path };
  const [first] = harness.tenants as readonly [Tenant];
  const { milliseconds } = harness.events;

  const talk = async (socket: SocketClient, data: unknown, meanwhile: TransportCall['meanwhile']) => {
    // A greeting is an answer where nothing is asked.
    const from = event === null ? 0 : socket.heard.length;
    if (event !== null) socket.send(event, data);
    await answerTo(socket, from, milliseconds);
    if (!meanwhile) return socket.heard;
    await meanwhile();
    await sleep(milliseconds / 3);
    return socket.heard;
  };

  return {
    hears: true,
    lateness: 0,
    answersNothing: payloads.answersNothing,
    requestFor: payloads.repeated,
    call: async ({ identity, tenant, rows, change = (request) => request, meanwhile }) => {
      const request = change(payloads.made(rows, tenant ?? first));
      const { data } = payloads.sent(request);
      const sent = [identity.host, ...Object.values(identity.headers ?? {}), JSON.stringify(data ?? null)].join('\n');
      const outcome = await outcomeOf(
        () => openSocket(address, identity, harness.timeout),
        (socket) => talk(socket, data, meanwhile),
      );
      return { request, answer: null, sent: sent.toLowerCase(), ...outcome };
    },
  };
}

type Outcome = Pick<TransportAnswer, 'seen' | 'isRefused' | 'error'>;

async function outcomeOf(
  open: () => Promise<SocketClient>,
  talk: (socket: SocketClient) => Promise<readonly Heard[]>,
): Promise<Outcome> {
  let socket: SocketClient | undefined;
  try {
    socket = await open();
    const seen = await talk(socket);
    const thrown = seen.find(({ event }) => event === EXCEPTION);
    return { seen, isRefused: thrown !== undefined, error: thrown ? new Error(told(thrown.data)) : null };
  } catch (reason) {
    if (!(reason instanceof SocketRefused)) throw reason;
    return { seen: reason.message, isRefused: true, error: reason };
  } finally {
    socket?.close();
  }
}

const told = (data: unknown): string => {
  const { message } = (data ?? {}) as { readonly message?: unknown };
  return typeof message === 'string' ? message : JSON.stringify(data);
};
