import type { RedisBackend, RedisClient } from './backend.js';
import type { Tags } from './queue-clock.js';
import { KEYS, LUA } from './redis-script.js';
import { AT_ONCE, MOVED_DOWN_FROM, SETTLED_AFTER } from './settled.js';
import { LAST_TAG } from './tags.js';

const COMMAND = 'tenancyFairTags';

/** A week: nobody has added to the queue since. */
const FORGOTTEN_AFTER = 7 * 24 * 3_600_000;

/** Tags from one atomic script, over the queue's own client. */
export function redisTags({ client, prefix }: RedisBackend, queue: string): Tags {
  client.defineCommand(COMMAND, { numberOfKeys: KEYS.length, lua: LUA });
  const own = `${prefix}:${queue}:`;
  const always = [
    ...KEYS.map((key) => own + key),
    ...[SETTLED_AFTER, MOVED_DOWN_FROM, AT_ONCE, LAST_TAG, FORGOTTEN_AFTER, own],
  ];
  return async (asked) => {
    const lanes = asked.flatMap(({ lane, count, step }) => [lane, count, step]);
    const [more, starts] = (await run(client, [...always, ...lanes])) as [number, string[]];
    return { starts: starts.map(Number), more: more === 1 };
  };
}

function run(client: RedisClient, args: unknown[]): Promise<unknown> {
  if (client.runCommand) return client.runCommand(COMMAND, args);
  const commands = client as unknown as Readonly<Record<typeof COMMAND, (args: unknown[]) => Promise<unknown>>>;
  return commands[COMMAND](args);
}
