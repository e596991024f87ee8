import type { RedisBackend, RedisClient } from './backend.js';
import type { Places } from './queue-turns.js';
import { KEYS, LANES, LUA } from './redis-script.js';
import { AT_ONCE, LAST_TAG, MOVED_DOWN_FROM } from './tags.js';

const COMMAND = 'tenancyFairPlaces';

/** A week: nobody has used the queue since. */
const FORGOTTEN_AFTER = 7 * 24 * 3_600_000;

/** Places from one atomic script, over the queue's own client. */
export function redisPlaces({ client, prefix }: RedisBackend, queue: string): Places {
  client.defineCommand(COMMAND, { numberOfKeys: KEYS.length, lua: LUA });
  const own = `${prefix}:${queue}:`;
  const args = [...KEYS.map((key) => own + key), MOVED_DOWN_FROM, AT_ONCE, LAST_TAG, FORGOTTEN_AFTER, own];
  return { place: async () => (await run(client, COMMAND, args)) === 1 };
}

const FORGET = 'tenancyFairForget';

/** Takes a lane out of the turns of a queue. */
export async function forgetRedisLane({ client, prefix }: RedisBackend, queue: string, lane: string): Promise<void> {
  client.defineCommand(FORGET, { numberOfKeys: 1, lua: "return redis.call('ZREM', KEYS[1], ARGV[1])" });
  await run(client, FORGET, [`${prefix}:${queue}:${LANES}`, lane]);
}

function run(client: RedisClient, command: string, args: unknown[]): Promise<unknown> {
  if (client.runCommand) return client.runCommand(command, args);
  const commands = client as unknown as Readonly<Record<string, (args: unknown[]) => Promise<unknown>>>;
  return (commands[command] as (args: unknown[]) => Promise<unknown>)(args);
}
