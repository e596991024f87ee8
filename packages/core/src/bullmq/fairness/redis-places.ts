import type { RedisBackend, RedisClient } from './backend.js';
import type { Places } from './queue-turns.js';
import { KEYS, LUA } from './redis-script.js';
import { AT_ONCE, LAST_TAG, MOVED_DOWN_FROM } from './tags.js';

const COMMAND = 'tenancyFairPlaces';

/** A week: nobody has used the queue since. */
const FORGOTTEN_AFTER = 7 * 24 * 3_600_000;

/** Places from one atomic script, over the queue's own client. */
export function redisPlaces({ client, prefix }: RedisBackend, queue: string): Places {
  client.defineCommand(COMMAND, { numberOfKeys: KEYS.length, lua: LUA });
  const own = `${prefix}:${queue}:`;
  const args = [...KEYS.map((key) => own + key), MOVED_DOWN_FROM, AT_ONCE, LAST_TAG, FORGOTTEN_AFTER, own];
  return { place: async () => (await run(client, args)) === 1 };
}

function run(client: RedisClient, args: unknown[]): Promise<unknown> {
  if (client.runCommand) return client.runCommand(COMMAND, args);
  const commands = client as unknown as Readonly<Record<typeof COMMAND, (args: unknown[]) => Promise<unknown>>>;
  return commands[COMMAND](args);
}
