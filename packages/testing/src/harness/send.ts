import { Agent, request as httpRequest, type IncomingMessage } from 'node:http';
import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate } from 'node:zlib';
import { outsideAnyTenant } from '@tenancy/core/adapter';
import type { HttpAnswer, HttpRequest, SentRequest } from '../http-request.js';
import { encodeBody, encodeQuery } from './body.js';
import { eventsOf, parsed } from './event-stream.js';
import { fromOutside } from './process-exits.js';
import { unpacked } from './unpacked.js';

/** The connection that a request is sent on, and the headers of whoever sends it. */
export interface Connection {
  /** `http://127.0.0.1:4711`. */
  readonly url: string;
  readonly agent: Agent;
  /** Milliseconds until a request without an answer is an error. */
  readonly timeout: number;
  readonly events: EventLimits;
}

/** Limits of listening to an event stream: until either is reached. */
export interface EventLimits {
  readonly count: number;
  /** Since the stream began to answer. */
  readonly milliseconds: number;
}

/** Sends `asked` over real HTTP, with `headers` (`host` among them) under its own, and outside any tenant's context. */
export async function send(
  connection: Connection,
  headers: Readonly<Record<string, string>>,
  asked: HttpRequest,
): Promise<HttpAnswer> {
  const { sent, path, bytes } = await prepared(connection, headers, asked);
  return outsideAnyTenant(() => exchange(connection, sent, path, bytes));
}

/** Sends `asked` on a connection of its own, and hangs up after some milliseconds, answered or not. */
export async function hangUp(
  connection: Connection,
  headers: Readonly<Record<string, string>>,
  asked: HttpRequest,
  after: number,
): Promise<void> {
  const { sent, path, bytes } = await prepared(connection, headers, asked);
  const { port, hostname: host } = new URL(connection.url);
  const agent = fromOutside(new Agent());
  await outsideAnyTenant(async () => {
    const { method, headers: all } = sent;
    const outgoing = httpRequest({ host, port, method, path, headers: all, agent }, (response) => response.resume());
    outgoing.on('error', () => {}).end(bytes ?? undefined);
    setTimeout(() => outgoing.destroy(), after);
    await new Promise((resolve) => outgoing.once('close', resolve));
  });
  agent.destroy();
}

async function prepared(
  connection: Connection,
  headers: Readonly<Record<string, string>>,
  asked: HttpRequest,
): Promise<{ readonly sent: SentRequest; readonly path: string; readonly bytes: Buffer | null }> {
  if (typeof asked.path !== 'string' || !asked.path.startsWith('/')) {
    throw new TypeError(`A request needs a path that begins with "/", and this one has ${JSON.stringify(asked.path)}.`);
  }
  const method = asked.method.toUpperCase();
  const encoded = await encodeBody(asked.body);
  const all: Record<string, string> = {
    ...(encoded?.type && { 'content-type': encoded.type }),
    // Servers wait for the end of a body they were not told the length of.
    ...(encoded && { 'content-length': String(encoded.bytes.length) }),
    ...lowerCased(headers),
    ...lowerCased(asked.headers ?? {}),
  };
  const path = `${asked.path}${encodeQuery(asked.query)}`;
  const body = encoded ? encoded.bytes.toString('utf8') : null;
  return { sent: { method, url: `${connection.url}${path}`, headers: all, body }, path, bytes: encoded?.bytes ?? null };
}

async function exchange(
  connection: Connection,
  sent: SentRequest,
  path: string,
  bytes: Buffer | null,
  isRepeated = false,
): Promise<HttpAnswer> {
  const { port, hostname: host } = new URL(connection.url);
  return new Promise((resolve, reject) => {
    const { method, headers } = sent;
    // Others that were kept open are closed as well, so that a repetition has a connection of its own.
    const agent = isRepeated ? fromOutside(new Agent()) : connection.agent;
    const outgoing = httpRequest({ host, port, method, path, headers, agent }, (response) => {
      const finish = (parts: Buffer[]) => {
        clearTimeout(timer);
        answerOf(sent, response, Buffer.concat(parts)).then(resolve, reject);
      };
      receive(response, connection.events, () => clearTimeout(timer), finish, reject);
    });
    const timer = setTimeout(() => {
      outgoing.destroy(
        new Error(
          `${method} ${path} was not answered within ${connection.timeout} ms. Raise the harness's \`timeout\`.`,
        ),
      );
    }, connection.timeout);
    outgoing.on('error', (error: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      // The server closed an idle connection at the moment that it was taken for this request, which it has not seen.
      if (outgoing.reusedSocket && error.code === 'ECONNRESET' && !isRepeated) {
        exchange(connection, sent, path, bytes, true).then(resolve, reject);
      } else reject(error);
    });
    outgoing.end(bytes ?? undefined);
  });
}

function receive(
  response: IncomingMessage,
  limits: EventLimits,
  begun: () => void,
  finish: (parts: Buffer[]) => void,
  fail: (error: Error) => void,
): void {
  const parts: Buffer[] = [];
  const isStream = String(response.headers['content-type']).startsWith('text/event-stream');
  let limit: NodeJS.Timeout | undefined;
  const stop = () => {
    clearTimeout(limit);
    // Before the connection is closed, which counts as an error.
    response.removeAllListeners('error').on('error', () => {});
    response.destroy();
    finish(parts);
  };
  if (isStream) {
    begun();
    limit = setTimeout(stop, limits.milliseconds);
  }
  response.on('data', (part: Buffer) => {
    parts.push(part);
    if (isStream && eventsOf(completeEvents(parts)).length >= limits.count) stop();
  });
  response.on('error', (error) => {
    clearTimeout(limit);
    fail(error);
  });
  response.on('end', () => {
    clearTimeout(limit);
    finish(parts);
  });
}

/** Without an event that is still under way. */
function completeEvents(parts: readonly Buffer[]): string {
  const text = Buffer.concat(parts).toString('utf8').replaceAll('\r\n', '\n');
  return text.slice(0, Math.max(0, text.lastIndexOf('\n\n')));
}

const unpack = { gzip: promisify(gunzip), deflate: promisify(inflate), br: promisify(brotliDecompress) };

async function answerOf(request: SentRequest, response: IncomingMessage, packed: Buffer): Promise<HttpAnswer> {
  const encoding = response.headers['content-encoding'] as keyof typeof unpack | undefined;
  const bytes = encoding && packed.length > 0 && unpack[encoding] ? await unpack[encoding](packed) : packed;
  const text = bytes.toString('utf8');
  const type = String(response.headers['content-type']);
  const body = type.startsWith('text/event-stream') ? eventsOf(text) : /[/+]json\b/.test(type) ? parsed(text) : text;
  const headers = Object.fromEntries(
    Object.entries(response.headers).filter((entry): entry is [string, string | string[]] => entry[1] !== undefined),
  );
  // What comes after the body is a header that comes late.
  const trailers = Object.entries(response.trailers).map(([name, value = '']) => [`${name} (trailer)`, value] as const);
  const all = { ...headers, ...Object.fromEntries(trailers) };
  const inside = unpacked(bytes);
  return {
    request,
    status: response.statusCode ?? 0,
    statusText: response.statusMessage ?? '',
    headers: all,
    body,
    text,
    ...(inside !== '' && { unpacked: inside }),
  };
}

const lowerCased = (headers: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
