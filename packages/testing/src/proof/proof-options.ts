import type { Entrance } from '../discovery/entrance.js';
import type { AttackName, EntranceResult } from '../report/isolation-report.js';
import { ATTACK_NAMES } from '../report/verdict-signs.js';
import type { BaselineOption } from './baseline/baseline-file.js';
import { checkExamples, checkNames } from './target/check-example.js';
import type { Examples } from './target/example.js';

/** Options of a proof. Entrances are named by their `id`: `'POST /jobs'`. */
export interface ProofOptions {
  /**
   * Requests of entrances for which they cannot be guessed: one, or a list of several, of which each is attacked.
   * @defaultValue `{}`
   */
  readonly examples?: Readonly<Record<string, Examples>>;
  /**
   * Entrances, or single attacks at one, that are not to be proven, and why.
   * @defaultValue `{}`
   */
  readonly exempt?: Readonly<Record<string, string | Readonly<Partial<Record<AttackName | 'unreached', string>>>>>;
  /**
   * The entrances to try, while examples are written. The others are unproven.
   * @defaultValue all of them
   */
  readonly only?: readonly string[];
  /**
   * Milliseconds for one entrance, and for all. What there is no time for is unproven, and the report says so.
   * @defaultValue no limit; of `describeIsolation`, so long that its `timeout` is not reached
   */
  readonly budget?: { readonly entrance?: number; readonly all?: number };
  /**
   * Branches of the code behind an entrance that no request of the proof reached: listed in the report alone, or so that the
   * entrance is unproven. Branches that only throw are never held against it.
   * @defaultValue `'shown'`
   */
  readonly unreached?: 'shown' | 'unproven';
  /**
   * A file that says what is unproven today and may stay so, and which leaks are accepted until when: `'isolation.baseline.json'`.
   * What is new or worse fails. The file is made with the environment variable `ISOLATION_BASELINE=update` (or `update`), and made
   * smaller by itself once an entry is proven or its entrance gone; never where `CI` is set.
   * @defaultValue none: everything is to be proven
   */
  readonly baseline?: BaselineOption;
  /**
   * Told of each entrance once it was tried.
   * @defaultValue nobody is told
   */
  readonly onResult?: (result: EntranceResult, progress: { readonly done: number; readonly of: number }) => void;
}

const OPTIONS = ['examples', 'exempt', 'only', 'budget', 'unreached', 'baseline', 'onResult'];

/** @throws TypeError for a name that is no entrance, a reason that is none, and what would leave out more than was meant. */
export function checkOptions(options: ProofOptions, entrances: readonly Entrance[]): void {
  if (![undefined, 'shown', 'unproven'].includes(options.unreached)) {
    throw new TypeError(`unreached: ${JSON.stringify(options.unreached)} is neither 'shown' nor 'unproven'.`);
  }
  checkNames('option', options, OPTIONS);
  if (options.only !== undefined && (!Array.isArray(options.only) || options.only.length === 0)) {
    throw new TypeError(
      "only: it names no entrance, so nothing would be tried. Leave it out, or write only: ['GET /jobs'].",
    );
  }
  checkNames('budget', options.budget ?? {}, ['entrance', 'all']);
  for (const [name, time] of Object.entries(options.budget ?? {})) {
    if (time !== undefined) checkTime(`budget.${name}`, time);
  }
  for (const [id, example] of Object.entries(options.examples ?? {})) {
    const entrance = entrances.find((each) => each.id === id);
    if (entrance) checkExamples(entrance, example);
  }
  for (const id of options.only ?? []) {
    if (!entrances.some((entrance) => entrance.id === id)) throw new TypeError(unknownEntrance('only', id, entrances));
  }
  for (const [option, named] of Object.entries({ examples: options.examples ?? {}, exempt: options.exempt ?? {} })) {
    for (const [id, value] of Object.entries(named)) {
      if (!entrances.some((entrance) => entrance.id === id))
        throw new TypeError(unknownEntrance(option, id, entrances));
      if (option === 'exempt') checkReason(id, value);
    }
  }
}

/** @throws TypeError for what are no milliseconds, in which nothing could be tried. */
export function checkTime(name: string, time: unknown): void {
  if (typeof time === 'number' && time > 0) return;
  throw new TypeError(`${name}: ${String(time)} are no milliseconds in which anything could be tried.`);
}

function checkReason(id: string, value: unknown): void {
  if (typeof value === 'object' && value !== null)
    checkNames(`exempt: \`${id}\``, value, [...ATTACK_NAMES, 'unreached']);
  const reasons = typeof value === 'object' && value !== null ? Object.values(value) : [value];
  if (reasons.length > 0 && reasons.every((reason) => typeof reason === 'string' && reason.trim().length >= 3)) return;
  throw new TypeError(
    `exempt: ${id} has no reason. Say why nobody has to prove it: { '${id}': 'counts requests alone' }.`,
  );
}

function unknownEntrance(option: string, id: string, entrances: readonly Entrance[]): string {
  const words = new Set(id.toLowerCase().split(/\W+/));
  const likeness = (entrance: Entrance) =>
    entrance.id
      .toLowerCase()
      .split(/\W+/)
      .filter((word) => words.has(word)).length;
  const [closest] = [...entrances].sort((a, b) => likeness(b) - likeness(a));
  const known = closest ? ` Did you mean \`${closest.id}\`?` : '';
  return `${option}: \`${id}\` is no entrance of this application.${known} \`harness.entrances\` lists them.`;
}
