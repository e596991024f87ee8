import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';

/** The speaker: at which host, with which headers. */
export interface Talker {
  readonly url: string;
  readonly identity: { readonly host: string | null; readonly headers?: Readonly<Record<string, string>> };
}

export interface Message {
  readonly event: string;
  readonly data: unknown;
}

/**
 * Sends one message over a WebSocket, and answers with what comes back: the first message, and those that come while `meanwhile`
 * lasts.
 *
 * @throws Error when the connection is closed, or the message refused.
 */
export async function talk(
  { url, identity }: Talker,
  message: Message,
  meanwhile?: () => Promise<unknown>,
): Promise<unknown[]> {
  const { host, headers } = identity;
  const socket = new WebSocket(url.replace(/^http/, 'ws'), { headers: { ...(host && { host }), ...headers } });
  const heard: Message[] = [];
  socket.on('message', (data) => heard.push(JSON.parse(String(data)) as Message));
  const closed = once(socket, 'close').then(() => {
    throw new Error('The connection was closed.');
  });
  closed.catch(() => {});
  try {
    await Promise.race([once(socket, 'open'), closed]);
    socket.send(JSON.stringify(message));
    await Promise.race([once(socket, 'message'), closed]);
    if (meanwhile) {
      await meanwhile();
      await sleep(30);
    }
    const refused = heard.find(({ event }) => event === 'exception');
    if (refused) throw new Error(JSON.stringify(refused.data));
    return heard;
  } finally {
    socket.terminate();
  }
}
