export type Verdict =
  | 'same answer'
  | 'same error'
  | 'both refused'
  | 'refused by the scope'
  | 'known difference'
  | 'finding';

/**
 * The origin of the work and its rows, which no tenant could make of a database whose rows are each one tenant's: made with a
 * row or the id of another tenant, or its rows refer to another tenant's. Such work must be refused in part; all else is ordinary.
 */
export type Origin = 'ordinary' | 'over planted references' | 'names another tenant';

/** The outcome of the same work on both sides. */
export interface Outcome {
  readonly verdict: Verdict;
  /** Why one side alone refused; of a finding, what it is, in words that are the same for all of its kind. */
  readonly reason: string;
  readonly scoped: string;
  readonly alone: string;
}

export interface Finding {
  readonly seed: number;
  readonly workSeed: number;
  readonly setting: string;
  /** The smallest work that shows it. */
  readonly code: string;
  /** The models that the work is about. */
  readonly schema: string;
  readonly outcome: Outcome;
}

export function printFinding({ seed, workSeed, setting, code, schema, outcome }: Finding): string {
  const { reason, scoped, alone } = outcome;
  return `${setting}: ${reason} (seed ${seed}, ${workSeed})\n${code}\nscoped: ${scoped}\nalone:  ${alone}\n${schema}`;
}

const VERDICTS: readonly Verdict[] = [
  'same answer',
  'same error',
  'both refused',
  'refused by the scope',
  'known difference',
  'finding',
];

/** How often what was found: by setting, schema and origin, by verdict, and by reason. */
export class Tally {
  readonly #verdicts = new Map<string, Map<Verdict, number>>();
  readonly #reasons = new Map<string, number>();

  add(setting: string, schema: string, { verdict, reason }: Outcome, origin?: Origin): void {
    const named = origin ? [`${setting}, ${origin}`] : [];
    for (const row of [`${setting}, ${schema}`, `${setting}, all`, ...named]) {
      const counts = this.#verdicts.get(row) ?? new Map<Verdict, number>();
      this.#verdicts.set(row, counts.set(verdict, (counts.get(verdict) ?? 0) + 1));
    }
    if (verdict === 'same answer') return;
    const key = [setting, ...(origin ? [origin] : []), verdict, reason].join(' | ');
    this.#reasons.set(key, (this.#reasons.get(key) ?? 0) + 1);
  }

  /** Of the work of a setting and origin, the part that came to this. */
  share(setting: string, origin: Origin | 'all', verdict: Verdict): number {
    const counts = this.#verdicts.get(`${setting}, ${origin}`) ?? new Map<Verdict, number>();
    const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
    return total === 0 ? 0 : (counts.get(verdict) ?? 0) / total;
  }

  toString(): string {
    const rows = [...this.#verdicts]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([row, counts]) => [row, ...VERDICTS.map((verdict) => String(counts.get(verdict) ?? 0))]);
    const table = [['', ...VERDICTS], ...rows].map((row) =>
      row.map((cell, index) => cell.padEnd(index === 0 ? 52 : 22)).join(''),
    );
    const reasons = [...this.#reasons]
      .sort(([, a], [, b]) => b - a)
      .map(([reason, count]) => `${String(count).padStart(8)}  ${reason}`);
    return [...table, '', ...reasons].join('\n');
  }
}

/** The smallest work found that comes to the same: of what is a little smaller, the first that does, and so on. */
export async function smallest<Work>(
  work: Work,
  outcome: Outcome,
  smaller: (work: Work) => Iterable<Work>,
  compare: (work: Work) => Promise<Outcome>,
): Promise<readonly [Work, Outcome]> {
  let best: readonly [Work, Outcome] = [work, outcome];
  let tries = 0;
  for (let isSmaller = true; isSmaller; ) {
    isSmaller = false;
    for (const candidate of smaller(best[0])) {
      tries += 1;
      if (tries > 400) return best;
      const next = await compare(candidate);
      if (next.verdict !== 'finding' || next.reason !== outcome.reason) continue;
      best = [candidate, next];
      isSmaller = true;
      break;
    }
  }
  return best;
}
