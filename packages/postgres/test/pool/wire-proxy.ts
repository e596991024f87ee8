import { createServer, connect as dial, type Server, type Socket } from 'node:net';

/** One connection through the proxy. */
export interface Wire {
  readonly index: number;
  readonly client: Socket;
  readonly server: Socket;
  /** Both ends at once, with what was written before delivered to the client. */
  cut(lastWords?: Buffer): void;
}

type Hook = (message: Buffer, wire: Wire) => readonly Buffer[];

export interface WireProxy {
  /** The same database, by way of the proxy. */
  readonly url: string;
  readonly wires: readonly Wire[];
  /** The texts of `Parse` and `Query` messages that passed, in order. */
  readonly texts: string[];
  /** Answers the messages that are sent on in place of each message of the server; the message itself when there is no hook. */
  reply: Hook | undefined;
  /** The same for each message of a client. */
  request: Hook | undefined;
  /** Asks the server behind the client's back, on the client's own connection: the first value of the first row. */
  ask(wire: Wire, text: string): Promise<string | null>;
  stop(): Promise<void>;
}

/** A TCP proxy that understands where PostgreSQL's messages begin and end, and does to them what a test asks for. */
export async function openWireProxy(target: string): Promise<WireProxy> {
  const url = new URL(target);
  const wires: Wire[] = [];
  const texts: string[] = [];
  const idle = new Set<Wire>();
  const answers = new Map<Wire, (message: Buffer) => void>();
  const server: Server = createServer((client) => {
    const upstream = dial(Number(url.port), url.hostname);
    for (const socket of [client, upstream]) socket.setNoDelay(true).on('error', () => {});
    const wire: Wire = {
      index: wires.length,
      client,
      server: upstream,
      cut: (lastWords = Buffer.alloc(0)) => {
        client.end(lastWords);
        upstream.destroy();
      },
    };
    wires.push(wire);
    let started = false;
    const requests = messages((message) => {
      const type = started ? String.fromCharCode(message[0] ?? 0) : 'startup';
      started = true;
      idle.delete(wire);
      if (type === 'P') texts.push(cstring(message, cstringEnd(message, 5) + 1));
      if (type === 'Q') texts.push(cstring(message, 5));
      const parts = type !== 'startup' && proxy.request ? proxy.request(message, wire) : [message];
      for (const part of parts) if (upstream.writable) upstream.write(part);
    }, 0);
    const replies = messages((message) => {
      const asked = answers.get(wire);
      if (asked) return asked(message);
      if (typeOf(message) === 'Z') idle.add(wire);
      for (const part of proxy.reply ? proxy.reply(message, wire) : [message]) if (client.writable) client.write(part);
    }, 1);
    client.on('data', requests).on('close', () => upstream.destroy());
    upstream.on('data', replies).on('close', () => client.end());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const proxied = new URL(target);
  proxied.hostname = '127.0.0.1';
  proxied.port = String((server.address() as { readonly port: number }).port);
  const proxy: WireProxy = {
    url: proxied.href,
    wires,
    texts,
    reply: undefined,
    request: undefined,
    ask: async (wire, text) => {
      while (!idle.has(wire)) await new Promise((resolve) => setImmediate(resolve));
      return new Promise((resolve) => {
        let answer: string | null = null;
        answers.set(wire, (message) => {
          // Type, length, number of columns, and the length of the first.
          if (typeOf(message) === 'D' && message.readInt32BE(7) >= 0) {
            answer = message.toString('utf8', 11, 11 + message.readInt32BE(7));
          }
          if (typeOf(message) !== 'Z') return;
          answers.delete(wire);
          resolve(answer);
        });
        const body = Buffer.from(`${text}\0`);
        const head = Buffer.from('Q\0\0\0\0');
        head.writeInt32BE(body.length + 4, 1);
        wire.server.write(Buffer.concat([head, body]));
      });
    },
    stop: () =>
      new Promise((resolve) => {
        for (const wire of wires) wire.cut();
        server.close(() => resolve());
      }),
  };
  return proxy;
}

export function typeOf(message: Buffer): string {
  return String.fromCharCode(message[0] ?? 0);
}

/** Cuts a stream of bytes into messages. The first of a client has no letter in front of its length. */
function messages(each: (message: Buffer) => void, firstHead: 0 | 1): (chunk: Buffer) => void {
  let rest = Buffer.alloc(0);
  let head: number = firstHead;
  return (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    while (rest.length >= head + 4 && rest.length >= head + rest.readInt32BE(head)) {
      const length = head + rest.readInt32BE(head);
      head = 1;
      const message = rest.subarray(0, length);
      rest = rest.subarray(length);
      each(message);
    }
  };
}

function cstringEnd(message: Buffer, from: number): number {
  return message.indexOf(0, from);
}

function cstring(message: Buffer, from: number): string {
  return message.toString('utf8', from, cstringEnd(message, from));
}
