import { connect } from 'node:net';
import { startPostgres } from '@tenancy/testing/postgres';

export interface Servers {
  readonly urls: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

/** A throw-away PostgreSQL, and the Redis of `REDIS_URL` where one answers. */
export async function startServers(): Promise<Servers> {
  const server = await startPostgres();
  const redis = process.env['REDIS_URL'] ?? 'redis://127.0.0.1:6379';
  const there = await answers(new URL(redis));
  if (!there) console.error(`No Redis answers at ${redis}: PostgreSQL alone is measured.`);
  return { urls: { ...(there && { redis }), postgres: server.url }, stop: () => server.stop() };
}

function answers({ hostname, port }: URL): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: hostname, port: Number(port || 6379), timeout: 2_000 });
    const end = (there: boolean) => {
      socket.destroy();
      resolve(there);
    };
    socket.once('connect', () => end(true));
    socket.once('timeout', () => end(false));
    socket.once('error', () => end(false));
  });
}
