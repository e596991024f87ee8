import { Script } from 'node:vm';

/**
 * Says that somebody else collects coverage in this process, and who; null where nobody does. V8 has one set of counters for a
 * process, and a look at them begins them anew: the other's report would miss what ran before.
 */
export function anotherCoverage(): string | null {
  if (process.env['NODE_V8_COVERAGE']) return besides('NODE_V8_COVERAGE (as c8 and `node --test` set it)');
  const { __vitest_worker__: vitest } = globalThis as { __vitest_worker__?: VitestWorker };
  if (vitest?.config?.coverage?.enabled) return besides("Vitest's `--coverage`");
  // Jest tells tests nothing of its own, so what V8 compiles for it is looked at.
  if (process.env['JEST_WORKER_ID'] !== undefined && areBlocksCounted()) return besides("Jest's `--coverage`");
  return null;
}

interface VitestWorker {
  readonly config?: { readonly coverage?: { readonly enabled?: boolean } };
}

function besides(who: string): string {
  return `the coverage of ${who} is collected in this process, which looking would disturb. Run the proof without it.`;
}

const TIMES = 1_000;

/** Bytes of compiled code for `if(a){}`: 6 without a counter in each of its blocks, and 14 with. Measured on Node 20, 22 and 24. */
const BETWEEN = 10;

/** True when what is compiled now counts its blocks, whoever asked for that. */
export function areBlocksCounted(): boolean {
  return (bytesOf(2 * TIMES) - bytesOf(TIMES)) / TIMES > BETWEEN;
}

function bytesOf(times: number): number {
  // A text that nobody compiled before: V8 keeps what it compiled.
  const script = new Script(`(function(a){${'if(a){}'.repeat(times)}})(${process.hrtime.bigint()})`);
  script.runInThisContext();
  return script.createCachedData().length;
}
