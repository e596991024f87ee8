import { createServer, connect as dial, type Socket } from 'node:net';

/** Accepts connections and says nothing; or passes everything on to a database until it is told to be silent. */
export interface SilentServer {
  readonly url: string;
  /** How many have not hung up. */
  readonly connections: number;
  silence(): void;
  stop(): Promise<void>;
}

/** @param greeting - all that it says where it has no `target` */
export async function openSilentServer(target?: string, greeting?: Buffer): Promise<SilentServer> {
  const sockets = new Set<Socket>();
  /** Those whose other end is still there. */
  const open = new Set<Socket>();
  let silent = target === undefined;
  const server = createServer({ allowHalfOpen: true }, (client) => {
    sockets.add(client);
    open.add(client);
    client.on('end', () => open.delete(client));
    client.on('error', () => {}).on('close', () => sockets.delete(client) && open.delete(client));
    if (silent || target === undefined) {
      if (greeting) client.once('data', () => client.write(greeting));
      client.resume();
      return;
    }
    const url = new URL(target);
    const upstream = dial(Number(url.port), url.hostname).on('error', () => {});
    client.on('data', (chunk) => silent || upstream.write(chunk)).on('close', () => upstream.destroy());
    upstream.on('data', (chunk) => silent || client.write(chunk)).on('close', () => silent || client.destroy());
    client.on('end', () => silent || client.end());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = new URL(target ?? 'postgres://app@127.0.0.1/silent');
  url.hostname = '127.0.0.1';
  url.port = String((server.address() as { readonly port: number }).port);
  return {
    url: url.href,
    get connections() {
      return open.size;
    },
    silence: () => {
      silent = true;
    },
    stop: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}
