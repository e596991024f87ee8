import type { AttackResult, EntranceResult, ProofVerdict } from '../../report/isolation-report.js';
import type { Baseline, KnownLeak, KnownUnproven } from './baseline.js';

/** The result, in which whatever the baseline knows is accepted. Nothing becomes proven by it. */
export function accepted(result: EntranceResult, baseline: Baseline, today: string): EntranceResult {
  const { entrance, verdict } = result;
  if (verdict !== 'leaks' && verdict !== 'unproven') return result;
  const unproven = baseline.unproven.filter((known) => known.entrance === entrance.id);
  const isKnown = unproven.some(({ attack }) => attack === undefined);
  if (isUnprovenAsAWhole(result)) return isKnown ? { ...result, verdict: 'accepted', accepted: WAS_UNPROVEN } : result;
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
  return { ...result, attacks, verdict: left('leaks') ? 'leaks' : left('unproven') ? 'unproven' : 'accepted' };
}

const WAS_UNPROVEN = 'It was unproven when the baseline was written.';

function knownLeak(tried: AttackResult, { reason, until }: KnownLeak, today: string): AttackResult {
  return today <= until
    ? { ...tried, accepted: `Until ${until}: ${reason}` }
    : { ...tried, why: `${tried.why} The baseline accepted it until ${until}: ${reason}` };
}

/** The entries that a baseline needs for what is unproven, and no more. */
export function unprovenIn(result: EntranceResult): readonly KnownUnproven[] {
  const entrance = result.entrance.id;
  if (isUnprovenAsAWhole(result)) return [{ entrance }];
  const open = result.attacks.filter(({ verdict }) => verdict === 'unproven');
  return open.map(({ attack }) => ({ entrance, attack }));
}

/** The baseline without what is proven or gone. What is worse than it says stays as it is. */
export function smaller(baseline: Baseline, results: readonly EntranceResult[]): Baseline {
  const byId = new Map(results.map((result) => [result.entrance.id, result]));
  const isOpen = ({ entrance, attack }: KnownUnproven) => {
    const result = byId.get(entrance);
    if (!result || result.verdict === 'exempt') return false;
    const tried = result.attacks.find((each) => each.attack === attack);
    // What was not reached may be as it was.
    return isUnprovenAsAWhole(result) || tried?.verdict === 'unproven' || tried?.verdict === 'leaks';
  };
  return {
    unproven: baseline.unproven.flatMap((known) => {
      if (known.attack !== undefined) return isOpen(known) ? [known] : [];
      const result = byId.get(known.entrance);
      return result && result.verdict !== 'exempt' ? unprovenIn(result) : [];
    }),
    leaks: baseline.leaks.filter(isOpen),
  };
}

/** Nothing could be tried, or everything was proven and branches are left that nothing reached. */
function isUnprovenAsAWhole({ verdict, attacks }: EntranceResult): boolean {
  const open = attacks.filter((each) => each.verdict === 'unproven').length;
  return verdict === 'unproven' && (open === attacks.length || open === 0);
}
