import type { AttackName, AttackResult, IsolationReport, ProofVerdict } from './isolation-report.js';

export type CellVerdict = AttackResult['verdict'] | 'accepted';

/** A verdict is never told by its colour alone. */
export const SIGNS: Readonly<Record<CellVerdict, string>> = {
  leaks: '✗',
  unproven: '?',
  accepted: '~',
  exempt: '–',
  proven: '✓',
  'not applicable': '·',
};

/** The worst first: in this order everything is counted and listed. */
export const VERDICTS: readonly ProofVerdict[] = ['leaks', 'unproven', 'accepted', 'exempt', 'proven'];

/** Those that there is a place for: most applications have no baseline. */
export function verdictsIn({ counts }: Pick<IsolationReport, 'counts'>): readonly ProofVerdict[] {
  return VERDICTS.filter((verdict) => verdict !== 'accepted' || counts.accepted > 0);
}

/** A description of each attack, in the order of the columns. `A` attacks `B`. */
export const ATTACKS: Readonly<Record<AttackName, string>> = {
  own: "A's own request works, and A's own data is there",
  'no-tenant': 'neither host nor token names a tenant',
  'other-host': "A's token on B's host",
  'foreign-id': "B's ids in path, query, body and nested fields",
  existence: "whether B's ids are answered as ids that nobody has",
  'tenant-field': 'B named in a field of body and query',
  inputs: 'flags, filters, formats and headers that may be left out',
  'tenant-header': 'B named in an unsigned header',
  'warm-cache': 'B has called the same before, and everything is warm',
  interference: "B's rows have changed, and A's answer has not",
  interleaved: 'A and B at once, over and over',
  overheard: 'A listens while B works',
  situations: 'B hangs up or fails half-way, or A fails where B did not',
  'answer-headers': "what caches and pages of B's origin are allowed",
  stamps: 'jobs and messages without a stamp, with a forged one, and of a suspended tenant',
  worlds: 'a fresh application in which B called first, or never',
};

export const ATTACK_NAMES = Object.keys(ATTACKS) as readonly AttackName[];
