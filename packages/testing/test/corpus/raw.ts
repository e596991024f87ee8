import { once } from 'node:events';
import { type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import type { Scene } from './leak.js';

/** Everything that a server answered, as it came. */
export interface RawAnswer {
  readonly status: number;
  /** The phrase after the status: `Not Found`. */
  readonly reason: string;
  readonly headers: IncomingHttpHeaders;
  readonly trailers: NodeJS.Dict<string>;
  readonly bytes: Buffer;
}

/** Asks for `path` as `who`, and answers with what a client of HTTP hides: phrase, trailers, and the bytes as they are. */
export async function raw({ harness }: Scene, who: Scene['acme'], path: string): Promise<RawAnswer> {
  const { hostname, port } = new URL(harness.url);
  const sent = request({ hostname, port, path, headers: who.headers, agent: false }).end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  const parts: Buffer[] = [];
  for await (const part of response) parts.push(part as Buffer);
  const { statusCode: status = 0, statusMessage: reason = '', headers, trailers } = response;
  return { status, reason, headers, trailers, bytes: Buffer.concat(parts) };
}

/** Asks for `path` as `who`, and hangs up after some milliseconds. */
export async function hangUp({ harness }: Scene, who: Scene['acme'], path: string, after: number): Promise<void> {
  const { hostname, port } = new URL(harness.url);
  const sent = request({ hostname, port, path, headers: who.headers, agent: false }).end();
  sent.on('error', () => {});
  setTimeout(() => sent.destroy(), after);
  await new Promise((resolve) => sent.once('close', resolve));
}
