import type { Target } from '../target/target.js';
import type { Attack, Finding } from './attack.js';

/** Runs an attack. One that could not be tried is not proven. */
export async function findingOf(run: Attack['run'], target: Target): Promise<Finding> {
  try {
    return await run(target);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { verdict: 'unproven', why: `It could not be tried: ${why}`, evidence: null, endsAttacks: true };
  }
}
