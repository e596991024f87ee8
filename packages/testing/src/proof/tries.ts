import type { AttackResult } from '../report/isolation-report.js';
import type { Attack, Finding } from './attacks/attack.js';
import { ATTACKS } from './attacks/every-attack.js';
import { findingOf } from './attacks/finding-of.js';
import { hasSessionEnded, own } from './attacks/own.js';
import type { Limit } from './target/limit.js';
import type { Target } from './target/target.js';
import { notTried, verdictOf } from './verdicts.js';

const WORST_FIRST = ['leaks', 'unproven', 'exempt', 'proven', 'not applicable'] as const;

/** The targets of one example: each tenant as the attacker of the other. */
export type Pair = readonly [Target, Target];

/** The attacks on one entrance, by each of its examples. */
export class Tries {
  /** Those by which the tenant itself cannot call, so that no further attack can be meaningful. */
  readonly #ended = new Set<Pair>();

  constructor(private readonly pairs: readonly Pair[]) {}

  /**
   * Tries every attack; once more, but for the tenant's own request, where its session ended on the way.
   *
   * @param results - to which each is added once it was tried
   */
  async all(results: AttackResult[], exempt: Readonly<Partial<Record<string, string>>>, limit: Limit): Promise<void> {
    results.push(await this.#attacked(own, exempt[own.name]));
    const others = async () => {
      for (const attack of ATTACKS) if (!limit.isOver) results.push(await this.#attacked(attack, exempt[attack.name]));
    };
    await others();
    if (verdictOf(results) === 'leaks' || limit.isOver) return;
    try {
      if (!(await this.#hadSessionEnded())) return;
      results.length = 1;
      await others();
    } catch (error) {
      // Nobody knows then whether refusals were a protection.
      const why = `It could not be looked at whether its session had ended: ${error instanceof Error ? error.message : error}`;
      results[0] = { attack: own.name, verdict: 'unproven', why, evidence: null };
    }
  }

  /** The worst of what the attack found by any example. */
  async #attacked(attack: Attack, exempt?: string): Promise<AttackResult> {
    const isOver = this.#ended.size === this.pairs.length;
    if (exempt !== undefined && !isOver) return { attack: attack.name, verdict: 'exempt', why: exempt, evidence: null };
    const found: AttackResult[] = [];
    for (const [n, pair] of this.pairs.entries()) {
      // Where the tenant itself cannot call, every refusal would pass for a protection.
      const result = this.#ended.has(pair) ? notTried(attack) : await this.#tried(attack, pair);
      found.push(n === 0 ? result : { ...result, why: `By example ${n + 1}: ${result.why}` });
      if (result.verdict === 'leaks') break;
    }
    return worstOf(found);
  }

  /** True when the session of a tenant ended on the way. From now on, each call begins with a new one. */
  async #hadSessionEnded(): Promise<boolean> {
    const lasting = this.pairs.filter((pair) => !this.#ended.has(pair));
    let hasEnded = false;
    for (const target of lasting.flat()) hasEnded ||= await hasSessionEnded(target);
    if (hasEnded) for (const target of lasting.flat()) target.signsIn = true;
    return hasEnded;
  }

  async #tried({ name, isOneWay = false, run }: Attack, pair: Pair): Promise<AttackResult> {
    const findings: Finding[] = [];
    for (const target of isOneWay ? pair.slice(0, 1) : pair) {
      const finding = await findingOf(run, target);
      findings.push(finding);
      if (finding.verdict === 'leaks' || finding.endsAttacks) break;
    }
    const { endsAttacks = false, ...worst } = worstOf(findings);
    if (endsAttacks && name === own.name) this.#ended.add(pair);
    return { attack: name, ...worst };
  }
}

/** The first of those that are worst. */
function worstOf<T extends { readonly verdict: (typeof WORST_FIRST)[number] }>(found: readonly T[]): T {
  const rank = ({ verdict }: T) => WORST_FIRST.indexOf(verdict);
  return found.reduce((worst, each) => (rank(each) < rank(worst) ? each : worst));
}
