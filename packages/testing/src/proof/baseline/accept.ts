import type { UnreachedBranch } from '../../branches/unreached-branches.js';
import { whyUnreached } from '../../branches/why-unreached.js';
import type { AttackResult, EntranceResult, ProofVerdict } from '../../report/isolation-report.js';
import type { Baseline, KnownLeak, KnownUnproven } from './baseline.js';
import { branchNames } from './branch-names.js';

/** The branches that are held against an entrance; null where nobody holds any. */
export type Held = readonly UnreachedBranch[] | null;

/** The result, in which whatever the baseline knows is accepted. Nothing becomes proven by it. */
export function accepted(result: EntranceResult, baseline: Baseline, today: string, held: Held = null): EntranceResult {
  const { entrance, verdict } = result;
  if (verdict !== 'leaks' && verdict !== 'unproven') return result;
  const unproven = baseline.unproven.filter((known) => known.entrance === entrance.id);
  const isKnown = unproven.some(({ attack, branch }) => attack === undefined && branch === undefined);
  if (isUnprovenAsAWhole(result, held)) {
    return isKnown ? { ...result, verdict: 'accepted', accepted: WAS_UNPROVEN } : result;
  }
  const leaks = baseline.leaks.filter((known) => known.entrance === entrance.id);
  const attacks = result.attacks.map((tried): AttackResult => {
    if (tried.verdict === 'unproven') {
      const isAccepted = isKnown || unproven.some(({ attack }) => attack === tried.attack);
      return isAccepted ? { ...tried, accepted: WAS_UNPROVEN } : tried;
    }
    const leak = leaks.find(({ attack }) => attack === tried.attack);
    return tried.verdict === 'leaks' && leak ? knownLeak(tried, leak, today) : tried;
  });
  const left = (wanted: ProofVerdict) => attacks.some((each) => each.verdict === wanted && each.accepted === undefined);
  if (left('leaks')) return { ...result, attacks, verdict: 'leaks' };
  const isNew = (name: string) => !isKnown && !unproven.some(({ branch }) => branch === name);
  const names = branchNames(held ?? []);
  const unknown = (held ?? []).filter((_, n) => isNew(names[n] as string));
  // Beside what is accepted, a branch that nobody knows is told of.
  if (unknown.length > 0) return { ...result, attacks, verdict: 'unproven', why: whyUnreached(unknown, NOTHING_MORE) };
  if (left('unproven')) return { ...result, attacks, verdict: 'unproven' };
  return { ...result, attacks, verdict: 'accepted', ...(names.length > 0 && { accepted: WAS_UNREACHED }) };
}

const WAS_UNPROVEN = 'It was unproven when the baseline was written.';
const WAS_UNREACHED = 'The branches that nothing reached are those of the baseline.';
const NOTHING_MORE = { state: 'on', why: null } as const;

function knownLeak(tried: AttackResult, { reason, until }: KnownLeak, today: string): AttackResult {
  return today <= until
    ? { ...tried, accepted: `Until ${until}: ${reason}` }
    : { ...tried, why: `${tried.why} The baseline accepted it until ${until}: ${reason}` };
}

/** The entries that a baseline needs for what is unproven, and no more. */
export function unprovenIn(result: EntranceResult, held: Held = null): readonly KnownUnproven[] {
  const entrance = result.entrance.id;
  if (result.verdict === 'exempt') return [];
  if (isUnprovenAsAWhole(result, held)) return [{ entrance }];
  const open = result.attacks.filter(({ verdict }) => verdict === 'unproven');
  const branches = branchNames(held ?? []);
  return [...open.map(({ attack }) => ({ entrance, attack })), ...branches.map((branch) => ({ entrance, branch }))];
}

/** The baseline without what is proven, covered or gone. What is worse than it says stays as it is. */
export function smaller(
  baseline: Baseline,
  results: readonly EntranceResult[],
  heldAgainst: (result: EntranceResult) => Held = () => null,
): Baseline {
  const byId = new Map(results.map((result) => [result.entrance.id, result]));
  const isOpen = ({ entrance, attack, branch }: KnownUnproven) => {
    const result = byId.get(entrance);
    if (!result || result.verdict === 'exempt') return false;
    const held = heldAgainst(result);
    // What was not reached may be as it was.
    if (isUnprovenAsAWhole(result, held)) return true;
    if (branch !== undefined) return held === null || branchNames(held).includes(branch);
    const tried = result.attacks.find((each) => each.attack === attack);
    return tried?.verdict === 'unproven' || tried?.verdict === 'leaks';
  };
  return {
    unproven: baseline.unproven.flatMap((known) => {
      if (known.attack !== undefined || known.branch !== undefined) return isOpen(known) ? [known] : [];
      const result = byId.get(known.entrance);
      return result ? unprovenIn(result, heldAgainst(result)) : [];
    }),
    leaks: baseline.leaks.filter(isOpen),
  };
}

/** Nothing could be tried, or everything was proven and nobody knows which branches were reached. */
function isUnprovenAsAWhole({ verdict, attacks }: EntranceResult, held: Held): boolean {
  const open = attacks.filter((each) => each.verdict === 'unproven').length;
  return verdict === 'unproven' && (open === attacks.length || (open === 0 && (held ?? []).length === 0));
}
