import type { Entrance } from '../discovery/entrance.js';
import type { AttackResult, EntranceResult, IsolationReport, ProofVerdict } from '../report/isolation-report.js';
import type { Attack, Finding } from './attacks/attack.js';
import { ATTACKS } from './attacks/every-attack.js';
import { own } from './attacks/own.js';
import type { ProofOptions } from './proof-options.js';
import type { ComparedWorlds } from './worlds/compared-worlds.js';

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

export function verdictOn(
  { leaks, unproven, accepted }: IsolationReport['counts'],
  entrances: readonly EntranceResult[],
): IsolationReport['verdict'] {
  if (leaks > 0) return 'leaks';
  // Where a baseline accepts everything, and nothing works for the tenant itself, the proof could not fail.
  if (unproven > 0 || !entrances.some(worksForItself)) return 'unproven';
  return accepted > 0 ? 'accepted' : 'isolated';
}

function worksForItself({ verdict, attacks }: EntranceResult): boolean {
  return verdict !== 'exempt' && attacks[0]?.verdict === 'proven';
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
    why: NOT_TRIED,
    evidence: null,
  };
}

const NOT_TRIED = "Not tried, as the tenant's own request does not work.";

/** Adds what was found in fresh applications to an entrance that was tried. */
export function withWorlds<R extends EntranceResult>(
  result: R,
  { findings, otherwise, shown }: ComparedWorlds,
  exempt: NonNullable<ProofOptions['exempt']>[string] | undefined,
): R {
  const { entrance, attacks } = result;
  const [first, ...others] = attacks;
  const found = findings.get(entrance.id);
  if (!first || (others.every(({ why }) => why === NOT_TRIED) && !found)) return result;
  const why = typeof exempt === 'object' ? exempt.worlds : undefined;
  const { endsAttacks: _, ...finding } =
    why === undefined ? (found ?? otherwise) : { verdict: 'exempt' as const, why, evidence: null };
  // Of what a process remembers, nothing is there before it was written at another entrance.
  const own = first.verdict === 'unproven' && shown.has(entrance.id) ? { ...first, ...WRITTEN_AND_READ } : first;
  const all: readonly AttackResult[] = [own, ...others, { attack: 'worlds', ...finding }];
  return { ...result, attacks: all, verdict: verdictOf(all) };
}

const WRITTEN_AND_READ = {
  verdict: 'proven',
  why: "The tenant's own data is there, where it was written at one entrance and read at another.",
  evidence: null,
} as const;

/** A leak that came to light while others were tried is not left out. */
export function foundBeside(entrance: Entrance, { endsAttacks: _, ...leak }: Finding): EntranceResult {
  const attacks = [{ attack: 'worlds', ...leak }] as const;
  return { entrance, verdict: 'leaks', why: null, attacks, unreached: [], milliseconds: 0 };
}

export const NOT_CHOSEN = 'It is not among those that `only` names.';

export function untried(entrance: Entrance, why = 'It was not tried in this run.'): EntranceResult {
  return { entrance, verdict: 'unproven', why, attacks: [], unreached: [], milliseconds: 0 };
}
