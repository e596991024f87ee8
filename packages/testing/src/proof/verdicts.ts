import type { Entrance } from '../discovery/entrance.js';
import type { AttackResult, EntranceResult, IsolationReport, ProofVerdict } from '../report/isolation-report.js';
import type { Attack } from './attacks/attack.js';
import { ATTACKS } from './attacks/every-attack.js';
import { own } from './attacks/own.js';
import type { ProofOptions } from './proof-options.js';

/** The result of an entrance at which something hung. */
export function cutOff(
  entrance: Entrance,
  tried: readonly AttackResult[],
  exempt: NonNullable<ProofOptions['exempt']>[string] | undefined,
): Omit<EntranceResult, 'milliseconds' | 'unreached'> {
  const left = [own, ...ATTACKS].slice(tried.length);
  const attacks = [
    ...tried,
    ...left.map(({ name }): AttackResult => {
      const reason = typeof exempt === 'object' ? exempt[name] : undefined;
      return reason === undefined
        ? { attack: name, verdict: 'unproven', why: TIME_WAS_OVER, evidence: null }
        : { attack: name, verdict: 'exempt', why: reason, evidence: null };
    }),
  ];
  return { entrance, verdict: verdictOf(attacks), why: null, attacks };
}

const TIME_WAS_OVER =
  'The time for this entrance was over (`budget`, `timeout`), and what was under way did not end: a request, `seed`, `rows`, or a `call`.';

export function verdictOn({
  leaks,
  unproven,
  accepted,
  proven,
}: IsolationReport['counts']): IsolationReport['verdict'] {
  if (leaks > 0) return 'leaks';
  if (unproven > 0) return 'unproven';
  if (accepted > 0) return 'accepted';
  return proven > 0 ? 'isolated' : 'unproven';
}

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
