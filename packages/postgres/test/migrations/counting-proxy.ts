import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';

/** A way to the server that counts what clients wait for an answer to, and the connections. */
export interface CountingProxy {
  readonly url: string;
  readonly roundTrips: number;
  readonly connections: number;
  /** Begins to count anew. */
  reset(): void;
  stop(): Promise<void>;
}

/** After the first two a client waits: a simple query, and the end of an extended one, which the third begins. */
const [QUERY, SYNC, PARSE] = ['Q', 'S', 'P'].map((type) => type.charCodeAt(0)) as [number, number, number];

/** Asks who is waited for, each time that some seconds have passed: how often is a matter of the machine, and of no target. */
const BY_THE_CLOCK = 'pg_blocking_pids';

export async function countingProxy(url: string): Promise<CountingProxy> {
  const to = new URL(url);
  let [roundTrips, connections] = [0, 0];
  const server = createServer((client) => {
    connections += 1;
    const upstream = connect(Number(to.port || 5432), to.hostname);
    let rest = Buffer.alloc(0);
    let [isBegun, isByTheClock] = [false, false];
    client.on('data', (data) => {
      rest = Buffer.concat([rest, data]);
      // The first message has no type.
      for (let type = isBegun ? 1 : 0; rest.length >= type + 4; type = isBegun ? 1 : 0) {
        const length = rest.readInt32BE(type) + type;
        if (rest.length < length) break;
        const sent = isBegun ? rest[0] : undefined;
        if (sent === QUERY || sent === PARSE) isByTheClock = rest.subarray(0, length).includes(BY_THE_CLOCK);
        if ((sent === QUERY || sent === SYNC) && !isByTheClock) roundTrips += 1;
        isBegun = true;
        rest = rest.subarray(length);
      }
      upstream.write(data);
    });
    upstream.pipe(client);
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      one.on('error', () => other.destroy());
      one.on('close', () => other.end());
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: Object.assign(new URL(url), { hostname: '127.0.0.1', port: String(port) }).href,
    get roundTrips() {
      return roundTrips;
    },
    get connections() {
      return connections;
    },
    reset() {
      [roundTrips, connections] = [0, 0];
    },
    stop: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}
