import { setTimeout as sleep } from 'node:timers/promises';
import type { Tenant } from '@tenancy/core';
import { type CoverageOfProof, ProofCoverage } from '../branches/proof-coverage.js';
import { whyUnreached } from '../branches/why-unreached.js';
import type { Entrance } from '../discovery/entrance.js';
import type { IsolationHarness } from '../harness/isolation-harness.js';
import { concealedReasons } from '../report/concealed.js';
import type { AttackResult, EntranceResult, IsolationReport } from '../report/isolation-report.js';
import { alone } from './alone.js';
import type { Held } from './baseline/accept.js';
import { BaselineFile } from './baseline/baseline-file.js';
import { Budget } from './budget.js';
import { everywhere } from './everywhere.js';
import { checkOptions, type ProofOptions } from './proof-options.js';
import { NO_TIME_FOR_WORLDS, NOBODY_LOOKS, NOT_COMPARED } from './reasons.js';
import { cleaned } from './rows-left.js';
import { firstOfEach } from './target/example.js';
import { inTime, Limit } from './target/limit.js';
import { Target } from './target/target.js';
import { transportsTo } from './transports/transports-to.js';
import { type Pair, Tries } from './tries.js';
import { cutOff, foundBeside, NOT_CHOSEN, untried, verdictOf, verdictOn, withWorlds } from './verdicts.js';
import { type ComparedWorlds, comparedWorlds } from './worlds/compared-worlds.js';

/** The proof over one application, entrance by entrance: what `proveIsolation` and `describeIsolation` are made of. */
export class IsolationProof {
  readonly #harness: IsolationHarness;
  readonly #options: ProofOptions;
  readonly #coverage: ProofCoverage;
  readonly #results = new Map<Entrance, EntranceResult>();
  readonly #startedAt = new Date();
  readonly #budget: Budget;
  readonly #baseline: BaselineFile | null;
  #limit = new Limit(Number.POSITIVE_INFINITY);
  #compared: ComparedWorlds | undefined;
  /** Milliseconds after an answer in which the last entrance still writes rows. */
  #lateness = 0;

  /** @throws TypeError for options with which less would be proven than it seems, and for a baseline that is none. */
  constructor(harness: IsolationHarness, options: ProofOptions = {}) {
    checkOptions(options, harness.entrances);
    this.#baseline = options.baseline === undefined ? null : new BaselineFile(options.baseline);
    this.#harness = harness;
    this.#options = options;
    this.#coverage = new ProofCoverage(harness.app);
    this.#budget = new Budget(options.budget);
  }

  get entrances(): readonly Entrance[] {
    return this.#harness.entrances;
  }

  /**
   * Tries every attack that fits at one entrance, with each tenant as the attacker of the other. It ends with its budget, whatever
   * hangs: what was not reached by then is unproven.
   *
   * @throws TypeError while another proof is under way in the same application.
   */
  async prove(entrance: Entrance): Promise<EntranceResult> {
    if (this.#options.only && !this.#options.only.includes(entrance.id)) return untried(entrance, NOT_CHOSEN);
    const exempt = this.#options.exempt?.[entrance.id];
    const isLeftOut = typeof exempt === 'string' || exempt?.worlds !== undefined;
    const worlds = isLeftOut ? NOT_COMPARED : await this.compareWorlds();
    return alone(this.#harness, async () => {
      const began = performance.now();
      const limit = this.#limited(this.#budget.forEntrance());
      this.#coverage.begin();
      const attacks: AttackResult[] = [];
      const tried = (await inTime(limit, this.#tried(entrance, attacks))) ?? cutOff(entrance, attacks, exempt);
      this.#coverage.look(entrance);
      const seen = {
        ...tried,
        ...this.#coverage.seenAt(entrance),
        milliseconds: Math.round(performance.now() - began),
      };
      const result = concealedReasons(withWorlds(seen, worlds, exempt));
      this.#results.set(entrance, result);
      await inTime(limit, this.#tidy(result));
      limit.end();
      const judged = this.#judged(result);
      this.#options.onResult?.(judged, { done: this.#results.size, of: this.entrances.length });
      return judged;
    });
  }

  /**
   * Starts the application again and again, with the other in it and without, before any entrance is tried; once.
   *
   * @throws TypeError while another proof is under way in the same application.
   */
  async compareWorlds(): Promise<ComparedWorlds> {
    this.#compared ??= await alone(this.#harness, async () => {
      const limit = this.#limited(this.#budget.forWorlds(this.entrances.length));
      const compared = await inTime(
        limit,
        comparedWorlds(this.#harness, { ...this.#options, examples: firstOfEach(this.#options.examples) }, limit),
      );
      // What the worlds reached is reached as well.
      this.#coverage.look(null);
      await inTime(this.#limited(this.#budget.forEntrance()), this.#planted());
      return compared ?? NO_TIME_FOR_WORLDS;
    });
    return this.#compared;
  }

  /** Ends what is under way: no call is made any more. */
  stop(): void {
    this.#limit.end();
  }

  /** The report on the entrances that were tried; the others are unproven. Takes away what was planted. */
  async report(): Promise<IsolationReport> {
    return alone(this.#harness, async () =>
      this.#reported(true, (await inTime(this.#limited(this.#budget.forEntrance()), cleaned(this.#harness))) ?? {}),
    );
  }

  /** The report as far as the proof has got, at any moment. Nothing is called for it, and the baseline is left alone. */
  reportSoFar(): IsolationReport {
    return this.#reported(false, {});
  }

  #reported(isEnd: boolean, rowsLeft: IsolationReport['rowsLeft']): IsolationReport {
    const coverage = this.#coverage.state;
    const results = this.entrances.map((entrance) => {
      const result = this.#results.get(entrance);
      if (result) return concealedReasons(this.#withUnreached(result, coverage));
      const leak = this.#compared?.findings.get(entrance.id);
      if (leak?.verdict === 'leaks') return concealedReasons(foundBeside(entrance, leak));
      const isChosen = this.#options.only?.includes(entrance.id) ?? true;
      return untried(entrance, isChosen ? undefined : NOT_CHOSEN);
    });
    const heldAgainst = (result: EntranceResult) => this.#heldAgainst(result);
    const entrances = results.map((result) => this.#judged(result, heldAgainst(result)));
    const isWhole = isEnd && results.length > 0 && this.#results.size === results.length;
    const baseline = isWhole ? this.#baseline?.settled(results, heldAgainst) : this.#baseline?.untouched();
    const counts = { leaks: 0, unproven: 0, accepted: 0, exempt: 0, proven: 0 };
    for (const { verdict } of entrances) counts[verdict] += 1;
    return {
      application: this.#harness.name,
      tenants: this.#pair().map(({ slug }) => slug),
      startedAt: this.#startedAt.toISOString(),
      milliseconds: Date.now() - this.#startedAt.getTime(),
      verdict: verdictOn(counts, entrances),
      counts,
      entrances,
      coverage,
      rowsLeft,
      ...(baseline && { baseline }),
    };
  }

  /** @param held - branches, once everything was tried that may reach them */
  #judged(result: EntranceResult, held: Held = null): EntranceResult {
    return this.#baseline?.accepted(result, held) ?? result;
  }

  #heldAgainst({ entrance, unreached }: EntranceResult): Held {
    const exempt = this.#options.exempt?.[entrance.id];
    if (this.#options.unreached !== 'unproven') return null;
    return typeof exempt === 'object' && exempt.unreached ? [] : unreached.filter(({ onlyThrows }) => !onlyThrows);
  }

  #limited(limit: Limit): Limit {
    this.#limit = limit;
    return limit;
  }

  #pair(): readonly [Tenant, Tenant] {
    return this.#harness.tenants as readonly [Tenant, Tenant];
  }

  /** Thousands of rows of attacks that went before would make each that follows slower. */
  async #tidy({ attacks }: EntranceResult): Promise<void> {
    await sleep(this.#lateness);
    if (attacks.length > 0) await this.#planted();
  }

  /** Plants anew, where what was planted can be removed. */
  async #planted(): Promise<void> {
    if (await this.#harness.clean()) for (const tenant of this.#pair()) await this.#harness.plant(tenant);
  }

  /** @param attacks - to which each is added once it was tried */
  async #tried(
    entrance: Entrance,
    attacks: AttackResult[],
  ): Promise<Omit<EntranceResult, 'milliseconds' | 'unreached'>> {
    const limit = this.#limit;
    const exempt = this.#options.exempt?.[entrance.id];
    if (typeof exempt === 'string') return { entrance, verdict: 'exempt', why: exempt, attacks: [] };
    const found = transportsTo(this.#harness, entrance, this.#options.examples?.[entrance.id]);
    if ('unknown' in found) return { entrance, verdict: 'unproven', why: found.unknown, attacks: [] };
    const transports = found.map((each) => this.#coverage.watching(entrance, each));
    const [one, another] = this.#pair();
    const pairs = transports.map(
      (transport): Pair => [
        new Target(this.#harness, entrance, transport, one, another),
        new Target(this.#harness, entrance, transport, another, one),
      ],
    );
    if (pairs.some(([{ changesRows }]) => changesRows) && !this.#harness.rowsOf) {
      return { entrance, verdict: 'unproven', why: NOBODY_LOOKS, attacks: [] };
    }
    for (const target of pairs.flat()) target.othersWork = () => everywhere(target, this.#options);
    limit.holds(pairs.flat());
    await new Tries(pairs).all(attacks, typeof exempt === 'object' ? exempt : {}, limit);
    this.#lateness = Math.max(...transports.map(({ lateness }) => lateness));
    return { entrance, verdict: verdictOf(attacks), why: null, attacks };
  }

  /** Adds what no call of the whole proof reached, and judges it where the options say so. */
  #withUnreached(result: EntranceResult, coverage: CoverageOfProof): EntranceResult {
    const { entrance, verdict } = result;
    const unreached = this.#coverage.unreachedAt(entrance);
    const exempt = this.#options.exempt?.[entrance.id];
    const isJudged = this.#options.unreached === 'unproven' && !(typeof exempt === 'object' && exempt.unreached);
    const why = isJudged && verdict === 'proven' ? whyUnreached(unreached, coverage) : null;
    return why === null ? { ...result, unreached } : { ...result, unreached, verdict: 'unproven', why };
  }
}

/**
 * Finds every entrance of the application, tries to get at one tenant's data as the other, and says which entrances are proven,
 * which leak, and which nobody has proven.
 *
 * @throws TypeError for options that name what is no entrance.
 *
 * @example
 * ```ts
 * import { type IsolationHarness, proveIsolation } from '@tenancy/testing';
 *
 * declare const app: IsolationHarness;
 * const report = await proveIsolation(app, { exempt: { 'GET /metrics': 'counts requests, and holds no rows of tenants' } });
 * console.log(report.verdict, report.counts);
 * ```
 */
export async function proveIsolation(harness: IsolationHarness, options: ProofOptions = {}): Promise<IsolationReport> {
  const proof = new IsolationProof(harness, options);
  for (const entrance of proof.entrances) await proof.prove(entrance);
  return proof.report();
}
