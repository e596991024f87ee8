import { brokersHere } from './brokers.js';

/** The Redis of tests. */
export const redisUrl = new URL(process.env['REDIS_URL'] ?? 'redis://127.0.0.1:6379');

/** Why tests that need Redis cannot run here, or `null`. */
export const redisMissing: string | null = (await brokersHere()).find(({ name }) => name === 'Redis')?.missing ?? null;

/** The end of a test's name where it cannot run here. */
export const skippedBecause: string = redisMissing === null ? '' : `: ${redisMissing}`;
