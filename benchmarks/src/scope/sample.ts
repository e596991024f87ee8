/** Costs of so many operations. */
export interface Sample {
  readonly operations: number;
  readonly seconds: number;
  /** CPU time of this process, user and system. */
  readonly cpuMicroseconds: number;
  /** How long half of the operations took at most, in milliseconds. */
  readonly p50: number;
}

/** So many callers, each of which begins another operation as soon as the last one has ended. */
export async function sample(callers: number, milliseconds: number, operation: () => Promise<void>): Promise<Sample> {
  const took: number[] = [];
  const started = process.cpuUsage();
  const begin = performance.now();
  const caller = async () => {
    for (let sent = begin; sent - begin < milliseconds; ) {
      await operation();
      const now = performance.now();
      took.push(now - sent);
      sent = now;
    }
  };
  await Promise.all(Array.from({ length: callers }, caller));
  const seconds = (performance.now() - begin) / 1000;
  const { user, system } = process.cpuUsage(started);
  took.sort((a, b) => a - b);
  return {
    operations: took.length,
    seconds,
    cpuMicroseconds: user + system,
    p50: took[took.length >> 1] ?? Number.NaN,
  };
}

/** How many callers a work has, by its name: `find@20`. */
export const callersOf = (work: string): number => Number(work.split('@')[1] ?? 1);
