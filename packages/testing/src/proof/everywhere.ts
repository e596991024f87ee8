import type { ProofOptions } from './proof-options.js';
import { firstOfEach } from './target/example.js';
import type { Target } from './target/target.js';
import { targetsIn } from './worlds/targets.js';

/** Milliseconds that the other works in, however many entrances there are. */
const LONGEST = 4_000;

/** Calls all entrances as the other of `target`, with its own rows, as far as time goes: those that write come first. */
export async function everywhere({ harness, own, other, deadline }: Target, options: ProofOptions): Promise<void> {
  const until = Math.min(deadline, performance.now() + LONGEST);
  const examples = { ...options, examples: firstOfEach(options.examples) };
  const targets = targetsIn(harness, examples, own, other, true);
  const order = ({ changesRows, transport }: Target) => Number(!changesRows) + Number(transport.hears === true);
  for (const target of [...targets].sort((a, b) => order(a) - order(b))) {
    if (performance.now() > until) return;
    // One that fails is looked at when its own turn comes.
    await target.attemptUnobserved(await target.asItself(other)).catch(() => {});
  }
}
