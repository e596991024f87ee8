import type { Target } from '../target/target.js';
import type { Attack, Finding } from './attack.js';

/**
 * Runs an attack; once more, with care, where rows of the other have changed and nothing else has shown: its own work may have been
 * late. One that could not be tried is not proven.
 */
export async function findingOf(run: Attack['run'], target: Target): Promise<Finding> {
  try {
    const finding = await run(target);
    const { evidence } = finding;
    if (!evidence || evidence.changes.length === 0 || evidence.sightings.length > 0) return finding;
    // What a first attempt has changed or taken away is not there for a second one.
    for (const tenant of [target.own, target.other]) await target.harness.plant(tenant);
    target.isCareful = true;
    return await run(target).finally(() => {
      target.isCareful = false;
    });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { verdict: 'unproven', why: `It could not be tried: ${why}`, evidence: null, endsAttacks: true };
  }
}
