import type { Tenant } from '@tenancy/core';
import { type CoverageOfProof, ProofCoverage } from '../branches/proof-coverage.js';
import { whyUnreached } from '../branches/why-unreached.js';
import type { Entrance } from '../discovery/entrance.js';
import type { IsolationHarness } from '../harness/isolation-harness.js';
import type { AttackResult, EntranceResult, IsolationReport } from '../report/isolation-report.js';
import type { Attack, Finding } from './attacks/attack.js';
import { existence } from './attacks/existence.js';
import { foreignId } from './attacks/foreign-id.js';
import { inputs } from './attacks/inputs.js';
import { interference } from './attacks/interference.js';
import { interleaved } from './attacks/interleaved.js';
import { noTenant } from './attacks/no-tenant.js';
import { otherHost } from './attacks/other-host.js';
import { own } from './attacks/own.js';
import { tenantField } from './attacks/tenant-field.js';
import { tenantHeader } from './attacks/tenant-header.js';
import { warmCache } from './attacks/warm-cache.js';
import { NOT_CHOSEN, notTried, untried, verdictOf } from './entrance-verdict.js';
import { checkOptions, type ProofOptions } from './proof-options.js';
import { rowChanges } from './target/row-changes.js';
import { Target } from './target/target.js';
import { transportTo } from './target/transport.js';
import { type ComparedWorlds, comparedWorlds } from './worlds.js';

/** After `own`, which says whether the others mean anything. */
const ATTACKS: readonly Attack[] = [
  noTenant,
  otherHost,
  foreignId,
  existence,
  tenantField,
  inputs,
  tenantHeader,
  warmCache,
  interference,
  interleaved,
];

const WORST_FIRST = ['leaks', 'unproven', 'exempt', 'proven', 'not applicable'] as const;

/**
 * The proof over one application, entrance by entrance. `proveIsolation` and `describeIsolation` are what tests use; this is
 * beneath both.
 */
export class IsolationProof {
  readonly #harness: IsolationHarness;
  readonly #options: ProofOptions;
  readonly #coverage: ProofCoverage;
  readonly #results = new Map<Entrance, EntranceResult>();
  readonly #startedAt = new Date();
  readonly #began = performance.now();
  #deadline = Number.POSITIVE_INFINITY;

  /** @throws TypeError when the options name what is no entrance, or give no reason. */
  constructor(harness: IsolationHarness, options: ProofOptions = {}) {
    checkOptions(options, harness.entrances);
    this.#harness = harness;
    this.#options = options;
    this.#coverage = new ProofCoverage(harness.app);
  }

  get entrances(): readonly Entrance[] {
    return this.#harness.entrances;
  }

  /** Tries every attack that fits at one entrance, with each tenant as the attacker of the other. */
  async prove(entrance: Entrance): Promise<EntranceResult> {
    if (this.#options.only && !this.#options.only.includes(entrance.id)) return untried(entrance, NOT_CHOSEN);
    const began = performance.now();
    this.#deadline = this.#deadlineFrom(began);
    this.#coverage.begin();
    const tried = await this.#tried(entrance);
    this.#coverage.look(entrance);
    const unreached = this.#coverage.unreachedAt(entrance);
    const result = { ...tried, unreached, milliseconds: Math.round(performance.now() - began) };
    this.#results.set(entrance, result);
    await this.#tidy(result);
    this.#options.onResult?.(result, { done: this.#results.size, of: this.entrances.length });
    return result;
  }

  /** The report on the entrances that were tried so far; the others are unproven. Takes away what was planted. */
  async report(): Promise<IsolationReport> {
    const compared =
      this.#results.size > 0
        ? await comparedWorlds(this.#harness, this.#options, this.#deadlineFrom(performance.now()))
        : null;
    // What the worlds reached is reached as well.
    this.#coverage.look(null);
    await this.#harness.clean();
    const coverage = this.#coverage.state;
    const entrances = this.entrances.map((entrance) => {
      const result = this.#results.get(entrance);
      return result && compared ? this.#withUnreached(this.#withWorlds(result, compared), coverage) : untried(entrance);
    });
    const counts = { leaks: 0, unproven: 0, exempt: 0, proven: 0 };
    for (const { verdict } of entrances) counts[verdict] += 1;
    return {
      application: this.#harness.name,
      tenants: this.#pair().map(({ slug }) => slug),
      startedAt: this.#startedAt.toISOString(),
      milliseconds: Date.now() - this.#startedAt.getTime(),
      verdict: counts.leaks > 0 ? 'leaks' : counts.unproven > 0 || counts.proven === 0 ? 'unproven' : 'isolated',
      counts,
      entrances,
      coverage,
      rowsLeft: await this.#rowsLeft(),
    };
  }

  #deadlineFrom(began: number): number {
    const { entrance = Number.POSITIVE_INFINITY, all = Number.POSITIVE_INFINITY } = this.#options.budget ?? {};
    return Math.min(began + entrance, this.#began + all);
  }

  #pair(): readonly [Tenant, Tenant] {
    return this.#harness.tenants as readonly [Tenant, Tenant];
  }

  /** Thousands of rows of attacks that went before would make each that follows slower. */
  async #tidy({ attacks }: EntranceResult): Promise<void> {
    if (attacks.length === 0 || !(await this.#harness.clean())) return;
    for (const tenant of this.#pair()) await this.#harness.plant(tenant);
  }

  async #tried(entrance: Entrance): Promise<Omit<EntranceResult, 'milliseconds' | 'unreached'>> {
    const exempt = this.#options.exempt?.[entrance.id];
    if (typeof exempt === 'string') return { entrance, verdict: 'exempt', why: exempt, attacks: [] };
    const found = transportTo(this.#harness, entrance, this.#options.examples?.[entrance.id]);
    if ('unknown' in found) return { entrance, verdict: 'unproven', why: found.unknown, attacks: [] };
    const transport = this.#coverage.watching(entrance, found);
    const [one, another] = this.#pair();
    const targets = [
      new Target(this.#harness, entrance, transport, one, another),
      new Target(this.#harness, entrance, transport, another, one),
    ];
    if ((targets[0] as Target).changesRows && !this.#harness.rowsOf) {
      return { entrance, verdict: 'unproven', why: NOBODY_LOOKS, attacks: [] };
    }
    const first = await this.#attacked(own, targets, exempt?.own);
    const attacks: AttackResult[] = [first.result];
    for (const attack of ATTACKS) {
      // Where the tenant itself cannot call, every refusal would pass for a protection.
      attacks.push(
        first.endsAttacks ? notTried(attack) : (await this.#attacked(attack, targets, exempt?.[attack.name])).result,
      );
    }
    return { entrance, verdict: verdictOf(attacks), why: null, attacks };
  }

  /** Adds the finding of a fresh application to an entrance that was tried. */
  #withWorlds(result: EntranceResult, { findings, otherwise }: ComparedWorlds): EntranceResult {
    const { entrance, attacks } = result;
    if (attacks.length === 0 || attacks[0]?.verdict === 'unproven') return result;
    const exempt = this.#options.exempt?.[entrance.id];
    const why = typeof exempt === 'object' ? exempt.worlds : undefined;
    const { endsAttacks: _, ...finding } =
      why === undefined
        ? (findings.get(entrance.id) ?? otherwise)
        : { verdict: 'exempt' as const, why, evidence: null };
    const all: readonly AttackResult[] = [...attacks, { attack: 'worlds', ...finding }];
    return { ...result, attacks: all, verdict: verdictOf(all) };
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

  async #attacked({ name, run }: Attack, targets: readonly Target[], exempt?: string) {
    if (exempt !== undefined) {
      return { result: { attack: name, verdict: 'exempt', why: exempt, evidence: null } as const, endsAttacks: false };
    }
    const findings: Finding[] = [];
    for (const target of targets) {
      target.deadline = this.#deadline;
      const finding = await this.#finding(run, target);
      findings.push(finding);
      if (finding.verdict === 'leaks') break;
    }
    findings.sort((a, b) => WORST_FIRST.indexOf(a.verdict) - WORST_FIRST.indexOf(b.verdict));
    const { endsAttacks = false, ...worst } = findings[0] as Finding;
    return { result: { attack: name, ...worst }, endsAttacks };
  }

  /** Runs an attack. One that could not be tried is not proven. */
  async #finding(run: Attack['run'], target: Target): Promise<Finding> {
    try {
      return await run(target);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      return { verdict: 'unproven', why: `It could not be tried: ${why}`, evidence: null };
    }
  }

  async #rowsLeft(): Promise<Readonly<Record<string, number>>> {
    const left: Record<string, number> = {};
    for (const tenant of this.#pair()) {
      const before = this.#harness.rowsAtStart.get(tenant.id);
      const after = await this.#harness.rowsOf?.(tenant);
      if (!before || !after) continue;
      for (const change of rowChanges(before, after)) {
        if (change.before === null) left[change.table] = (left[change.table] ?? 0) + 1;
      }
    }
    return left;
  }
}

const NOBODY_LOOKS =
  "It may write, and nobody looks at the rows of the other tenant. Pass `rows` to the harness, which reads a tenant's rows from " +
  'outside: `rows: rowsFromPostgres(url, { tenantColumn })`.';

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
