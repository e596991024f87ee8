import { setTimeout as sleep } from 'node:timers/promises';
import type { Tenant } from '@tenancy/core';
import type { Entrance } from '../discovery/entrance.js';
import type { IsolationHarness } from '../harness/isolation-harness.js';
import type { AttackResult, EntranceResult, IsolationReport, ProofVerdict } from '../report/isolation-report.js';
import { answerHeaders } from './attacks/answer-headers.js';
import type { Attack, Finding } from './attacks/attack.js';
import { existence } from './attacks/existence.js';
import { foreignId } from './attacks/foreign-id.js';
import { inputs } from './attacks/inputs.js';
import { interference } from './attacks/interference.js';
import { interleaved } from './attacks/interleaved.js';
import { noTenant } from './attacks/no-tenant.js';
import { otherHost } from './attacks/other-host.js';
import { own } from './attacks/own.js';
import { situations } from './attacks/situations.js';
import { tenantField } from './attacks/tenant-field.js';
import { tenantHeader } from './attacks/tenant-header.js';
import { warmCache } from './attacks/warm-cache.js';
import { checkOptions, type ProofOptions } from './proof-options.js';
import { rowChanges } from './target/row-changes.js';
import { Target } from './target/target.js';
import { transportTo } from './target/transport.js';
import { type ComparedWorlds, comparedWorlds } from './worlds/compared-worlds.js';

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
  situations,
  answerHeaders,
];

const WORST_FIRST = ['leaks', 'unproven', 'exempt', 'proven', 'not applicable'] as const;

/**
 * The proof over one application, entrance by entrance. `proveIsolation` and `describeIsolation` are what tests use; this is
 * beneath both.
 */
export class IsolationProof {
  readonly #harness: IsolationHarness;
  readonly #options: ProofOptions;
  readonly #results = new Map<Entrance, EntranceResult>();
  readonly #startedAt = new Date();
  readonly #began = performance.now();
  #deadline = Number.POSITIVE_INFINITY;
  #compared: Promise<ComparedWorlds> | undefined;
  /** Milliseconds after an answer in which the last entrance still writes rows. */
  #lateness = 0;

  /** @throws TypeError when the options name what is no entrance, or give no reason. */
  constructor(harness: IsolationHarness, options: ProofOptions = {}) {
    checkOptions(options, harness.entrances);
    this.#harness = harness;
    this.#options = options;
  }

  get entrances(): readonly Entrance[] {
    return this.#harness.entrances;
  }

  /** Tries every attack that fits at one entrance, with each tenant as the attacker of the other. */
  async prove(entrance: Entrance): Promise<EntranceResult> {
    if (this.#options.only && !this.#options.only.includes(entrance.id)) return untried(entrance, NOT_CHOSEN);
    const exempt = this.#options.exempt?.[entrance.id];
    const isLeftOut = typeof exempt === 'string' || exempt?.worlds !== undefined;
    const compared = isLeftOut ? NOT_COMPARED : await this.compareWorlds();
    const began = performance.now();
    this.#deadline = this.#deadlineFrom(began);
    const tried = { ...(await this.#tried(entrance)), milliseconds: Math.round(performance.now() - began) };
    const result = this.#withWorlds(tried, compared);
    this.#results.set(entrance, result);
    await this.#tidy(result);
    this.#options.onResult?.(result, { done: this.#results.size, of: this.entrances.length });
    return result;
  }

  /** The report on the entrances that were tried so far; the others are unproven. Takes away what was planted. */
  async report(): Promise<IsolationReport> {
    const compared = await (this.#compared ?? NOT_COMPARED);
    await this.#harness.clean();
    const entrances = this.entrances.map((entrance) => {
      const result = this.#results.get(entrance);
      if (result) return result;
      const leak = compared.findings.get(entrance.id);
      return leak ? foundBeside(entrance, leak) : untried(entrance);
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
      rowsLeft: await this.#rowsLeft(),
    };
  }

  /** Runs the application again and again, with the other in it and without, before any entrance is tried; once. */
  compareWorlds(): Promise<ComparedWorlds> {
    this.#compared ??= (async () => {
      const compared = await comparedWorlds(this.#harness, this.#options, this.#deadlineFrom(performance.now()));
      if (await this.#harness.clean()) for (const tenant of this.#pair()) await this.#harness.plant(tenant);
      return compared;
    })();
    return this.#compared;
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
    await sleep(this.#lateness);
    if (attacks.length === 0 || !(await this.#harness.clean())) return;
    for (const tenant of this.#pair()) await this.#harness.plant(tenant);
  }

  async #tried(entrance: Entrance): Promise<Omit<EntranceResult, 'milliseconds'>> {
    const exempt = this.#options.exempt?.[entrance.id];
    if (typeof exempt === 'string') return { entrance, verdict: 'exempt', why: exempt, attacks: [] };
    const transport = transportTo(this.#harness, entrance, this.#options.examples?.[entrance.id]);
    if ('unknown' in transport) return { entrance, verdict: 'unproven', why: transport.unknown, attacks: [] };
    const [one, another] = this.#pair();
    const targets = [
      new Target(this.#harness, entrance, transport, one, another),
      new Target(this.#harness, entrance, transport, another, one),
    ];
    if ((targets[0] as Target).changesRows && !this.#harness.rowsOf) {
      return { entrance, verdict: 'unproven', why: NOBODY_LOOKS, attacks: [] };
    }
    const first = await this.#attacked(own, targets, exempt?.own);
    this.#lateness = transport.lateness;
    const attacks: AttackResult[] = [first.result];
    for (const attack of ATTACKS) {
      // Where the tenant itself cannot call, every refusal would pass for a protection.
      attacks.push(
        first.endsAttacks ? notTried(attack) : (await this.#attacked(attack, targets, exempt?.[attack.name])).result,
      );
    }
    return { entrance, verdict: verdictOf(attacks), why: null, attacks };
  }

  /** Adds what was found in fresh applications to an entrance that was tried. */
  #withWorlds(result: EntranceResult, { findings, otherwise, shown }: ComparedWorlds): EntranceResult {
    const { entrance, attacks } = result;
    const [first, ...others] = attacks;
    const found = findings.get(entrance.id);
    if (!first || (first.verdict === 'unproven' && isNotTried(others) && !found)) return result;
    const exempt = this.#options.exempt?.[entrance.id];
    const why = typeof exempt === 'object' ? exempt.worlds : undefined;
    const { endsAttacks: _, ...finding } =
      why === undefined ? (found ?? otherwise) : { verdict: 'exempt' as const, why, evidence: null };
    // Of what a process remembers, nothing is there before it was written at another entrance.
    const own = first.verdict === 'unproven' && shown.has(entrance.id) ? { ...first, ...WRITTEN_AND_READ } : first;
    const all: readonly AttackResult[] = [own, ...others, { attack: 'worlds', ...finding }];
    return { ...result, attacks: all, verdict: verdictOf(all) };
  }

  async #attacked({ name, isOneWay = false, run }: Attack, targets: readonly Target[], exempt?: string) {
    if (exempt !== undefined) {
      return { result: { attack: name, verdict: 'exempt', why: exempt, evidence: null } as const, endsAttacks: false };
    }
    const findings: Finding[] = [];
    for (const target of isOneWay ? targets.slice(0, 1) : targets) {
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

function verdictOf(attacks: readonly AttackResult[]): ProofVerdict {
  const verdicts = attacks.map(({ verdict }) => verdict);
  if (verdicts.includes('leaks')) return 'leaks';
  if (verdicts.includes('unproven')) return 'unproven';
  // Where nobody knows whether it works for the tenant itself, its refusals say nothing.
  return verdicts[0] === 'proven' ? 'proven' : 'exempt';
}

const NOT_COMPARED: ComparedWorlds = {
  findings: new Map(),
  shown: new Set(),
  otherwise: { verdict: 'not applicable', why: 'It was not looked at in a fresh application.', evidence: null },
};

const WRITTEN_AND_READ = {
  verdict: 'proven',
  why: "The tenant's own data is there, where it was written at one entrance and read at another.",
  evidence: null,
} as const;

const NOT_TRIED = "Not tried, as the tenant's own request does not work.";

function isNotTried(attacks: readonly AttackResult[]): boolean {
  return attacks.every(({ why }) => why === NOT_TRIED);
}

function notTried({ name }: Attack): AttackResult {
  return {
    attack: name,
    verdict: 'unproven',
    why: NOT_TRIED,
    evidence: null,
  };
}

/** A leak that came to light while others were tried is not left out. */
function foundBeside(entrance: Entrance, { endsAttacks: _, ...leak }: Finding): EntranceResult {
  return { entrance, verdict: 'leaks', why: null, attacks: [{ attack: 'worlds', ...leak }], milliseconds: 0 };
}

const NOT_CHOSEN = 'It is not among those that `only` names.';

function untried(entrance: Entrance, why = 'It was not tried in this run.'): EntranceResult {
  return { entrance, verdict: 'unproven', why, attacks: [], milliseconds: 0 };
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
