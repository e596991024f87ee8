import type { Entrance } from '../discovery/entrance.js';
import type { AttackResult, EntranceResult, ProofVerdict } from '../report/isolation-report.js';
import type { Attack } from './attacks/attack.js';

export function verdictOf(attacks: readonly AttackResult[]): ProofVerdict {
  const verdicts = attacks.map(({ verdict }) => verdict);
  if (verdicts.includes('leaks')) return 'leaks';
  if (verdicts.includes('unproven')) return 'unproven';
  // Where nobody knows whether it works for the tenant itself, its refusals say nothing.
  return verdicts[0] === 'proven' ? 'proven' : 'exempt';
}

export function notTried({ name }: Attack): AttackResult {
  return {
    attack: name,
    verdict: 'unproven',
    why: "Not tried, as the tenant's own request does not work.",
    evidence: null,
  };
}

export const NOT_CHOSEN = 'It is not among those that `only` names.';

export function untried(entrance: Entrance, why = 'It was not tried in this run.'): EntranceResult {
  return { entrance, verdict: 'unproven', why, attacks: [], unreached: [], milliseconds: 0 };
}
