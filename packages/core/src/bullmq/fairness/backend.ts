import { TenancyConfigurationError } from '../../errors/configuration-error.js';

/** BullMQ's Redis client: of BullMQ 6 its own interface over ioredis and others, of BullMQ 5 ioredis itself. */
export interface RedisClient {
  defineCommand(name: string, definition: { numberOfKeys: number; lua: string }): void;
  runCommand?(name: string, args: unknown[]): Promise<unknown>;
}

export interface RedisBackend {
  readonly kind: 'redis';
  readonly client: RedisClient;
  readonly prefix: string;
}

/** The pool of BullMQ's PostgreSQL backend: its `search_path` leads to BullMQ's tables. */
export interface Pool {
  query(text: string, values?: readonly unknown[]): Promise<{ rows: Record<string, unknown>[] }>;
}

export interface PostgresBackend {
  readonly kind: 'postgres';
  readonly pool: Pool;
}

interface Reachable {
  readonly opts?: { readonly prefix?: string };
  getBackend?(): { readonly client?: unknown; readonly connection?: { readonly pool?: unknown } };
  readonly client?: unknown;
  waitUntilReady?(): Promise<unknown>;
}

/** The pool of a queue on PostgreSQL, known as soon as the queue is made. */
export function poolOf(producer: object): Pool | undefined {
  const pool = (producer as Reachable).getBackend?.().connection?.pool;
  return isPool(pool) ? pool : undefined;
}

/** The client or pool that a queue works with. */
export async function backendOf(producer: object, prefix: string | undefined): Promise<RedisBackend | PostgresBackend> {
  const reachable = producer as Reachable;
  await reachable.waitUntilReady?.();
  const pool = poolOf(producer);
  if (pool) return { kind: 'postgres', pool };
  const client = await (reachable.getBackend?.().client ?? reachable.client);
  if (isClient(client)) return { kind: 'redis', client, prefix: prefix ?? reachable.opts?.prefix ?? 'bull' };
  throw new TenancyConfigurationError(
    'fairness',
    'needs a queue on Redis or on the PostgreSQL backend of BullMQ, and this one is on neither',
    'Leave `fairness` out, or use one of these backends.',
  );
}

const isPool = (value: unknown): value is Pool => typeof (value as Pool | undefined)?.query === 'function';
const isClient = (value: unknown): value is RedisClient =>
  typeof (value as RedisClient | undefined)?.defineCommand === 'function';
