import { createServer, connect as dial, type Socket } from 'node:net';

export interface Relay {
  readonly url: string;
  /** From now on; before, everything passes. */
  rage(): void;
  stop(): Promise<void>;
}

/** Passes bytes on until so many of them (`after`) have passed on a connection, which is then cut, or falls silent. */
export async function openRelay(target: string, then: 'cut' | 'silence', after: () => number): Promise<Relay> {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  let isRaging = false;
  const server = createServer((client) => {
    const upstream = dial(Number(port), hostname);
    let left = Number.POSITIVE_INFINITY;
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(from);
      from
        .on('error', () => {})
        .on('close', () => {
          sockets.delete(from);
          to.destroy();
        });
      from.on('data', (chunk) => {
        if (isRaging && left === Number.POSITIVE_INFINITY) left = after();
        if (left > 0) to.write(chunk.subarray(0, left));
        left -= chunk.length;
        if (left > 0) return;
        if (then === 'cut') to.end();
        else upstream.pause();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = new URL(target);
  url.host = `127.0.0.1:${(server.address() as { readonly port: number }).port}`;
  return {
    url: url.href,
    rage: () => {
      isRaging = true;
    },
    stop: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}
