import type { Tenant } from '@tenancy/core';
import type { Entrance } from '../discovery/entrance.js';
import type { IsolationHarness } from '../harness/isolation-harness.js';
import type { TenantRows } from '../harness/planted.js';
import { approachTo } from './approach.js';
import type { Attack, Finding } from './attacks/attack.js';
import { existence } from './attacks/existence.js';
import { foreignId } from './attacks/foreign-id.js';
import { interference } from './attacks/interference.js';
import { interleaved } from './attacks/interleaved.js';
import { noTenant } from './attacks/no-tenant.js';
import { otherHost } from './attacks/other-host.js';
import { own } from './attacks/own.js';
import { tenantField } from './attacks/tenant-field.js';
import { tenantHeader } from './attacks/tenant-header.js';
import { warmCache } from './attacks/warm-cache.js';
import type { AttackResult, EntranceResult, IsolationReport, ProofVerdict } from './isolation-report.js';
import { checkOptions, type ProofOptions } from './proof-options.js';
import { rowChanges } from './row-changes.js';
import { Site } from './site.js';

const ATTACKS: readonly Attack[] = [
  own,
  noTenant,
  otherHost,
  foreignId,
  existence,
  tenantField,
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
  readonly #results = new Map<Entrance, EntranceResult>();
  readonly #startedAt = new Date();
  #rowsBefore: Promise<readonly (TenantRows | undefined)[]> | null = null;

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
    const began = performance.now();
    await this.#prepare();
    const result = { ...(await this.#tried(entrance)), milliseconds: Math.round(performance.now() - began) };
    this.#results.set(entrance, result);
    await this.#tidy(result);
    return result;
  }

  /** What was found at the entrances that were proven so far; the others are unproven. Takes away what was planted. */
  async report(): Promise<IsolationReport> {
    await this.#prepare();
    await this.#harness.clean();
    const entrances = this.entrances.map((entrance) => this.#results.get(entrance) ?? untried(entrance));
    const counts = { leaks: 0, unproven: 0, exempt: 0, proven: 0 };
    for (const { verdict } of entrances) counts[verdict] += 1;
    return {
      application: this.#harness.name,
      tenants: this.#pair().map(({ slug }) => slug),
      startedAt: this.#startedAt.toISOString(),
      milliseconds: Date.now() - this.#startedAt.getTime(),
      verdict: counts.leaks > 0 ? 'leaks' : counts.unproven > 0 || entrances.length === 0 ? 'unproven' : 'isolated',
      counts,
      entrances,
      rowsLeft: await this.#rowsLeft(),
    };
  }

  #pair(): readonly [Tenant, Tenant] {
    return this.#harness.tenants as readonly [Tenant, Tenant];
  }

  async #prepare(): Promise<void> {
    this.#rowsBefore ??= Promise.all(this.#pair().map((tenant) => this.#harness.rowsOf?.(tenant)));
    await this.#rowsBefore;
  }

  /** Thousands of rows of attacks that went before would make each that follows slower. */
  async #tidy({ attacks }: EntranceResult): Promise<void> {
    if (attacks.length === 0 || !(await this.#harness.clean())) return;
    for (const tenant of this.#pair()) await this.#harness.plant(tenant);
  }

  async #tried(entrance: Entrance): Promise<Omit<EntranceResult, 'milliseconds'>> {
    const exempt = this.#options.exempt?.[entrance.id];
    if (typeof exempt === 'string') return { entrance, verdict: 'exempt', why: exempt, attacks: [] };
    const approach = approachTo(this.#harness, entrance, this.#options.examples?.[entrance.id]);
    if ('unknown' in approach) return { entrance, verdict: 'unproven', why: approach.unknown, attacks: [] };
    const [one, another] = this.#pair();
    const sites = [
      new Site(this.#harness, entrance, approach, one, another),
      new Site(this.#harness, entrance, approach, another, one),
    ];
    const attacks: AttackResult[] = [];
    for (const attack of ATTACKS) {
      // Where the tenant itself cannot call, every refusal would pass for a protection.
      const isVain = attacks[0]?.attack === 'own' && attacks[0].verdict === 'unproven' && attacks[0].evidence?.response;
      const refused = isVain ? Number(attacks[0]?.evidence?.response?.status) >= 400 : false;
      attacks.push(refused ? vain(attack) : await this.#attacked(attack, sites, exempt?.[attack.name]));
    }
    const verdict = worst(attacks.map((each) => each.verdict)) as ProofVerdict;
    return { entrance, verdict: verdict === 'exempt' ? 'proven' : verdict, why: null, attacks };
  }

  async #attacked({ name, inapplicable, run }: Attack, sites: readonly Site[], exempt?: string): Promise<AttackResult> {
    if (exempt !== undefined) return { attack: name, verdict: 'exempt', why: exempt, evidence: null };
    const reason = inapplicable(sites[0] as Site);
    if (reason !== null) return { attack: name, verdict: 'not applicable', why: reason, evidence: null };
    const findings: Finding[] = [];
    for (const site of sites) {
      const finding = await this.#finding(run, site);
      findings.push(finding);
      if (finding.verdict === 'leaks') break;
    }
    const worstFinding = findings.sort(
      (a, b) => WORST_FIRST.indexOf(a.verdict) - WORST_FIRST.indexOf(b.verdict),
    )[0] as Finding;
    return { attack: name, ...worstFinding };
  }

  /** What could not be tried is not proven. */
  async #finding(run: Attack['run'], site: Site): Promise<Finding> {
    try {
      return await run(site);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      return { verdict: 'unproven', why: `It could not be tried: ${why}`, evidence: null };
    }
  }

  async #rowsLeft(): Promise<Readonly<Record<string, number>>> {
    const left: Record<string, number> = {};
    for (const [n, tenant] of this.#pair().entries()) {
      const before = (await this.#rowsBefore)?.[n];
      const after = await this.#harness.rowsOf?.(tenant);
      if (!before || !after) continue;
      for (const change of rowChanges(before, after)) {
        if (change.before === null) left[change.table] = (left[change.table] ?? 0) + 1;
      }
    }
    return left;
  }
}

function worst(verdicts: readonly AttackResult['verdict'][]): AttackResult['verdict'] {
  return WORST_FIRST.find((verdict) => verdicts.includes(verdict)) ?? 'unproven';
}

function vain({ name }: Attack): AttackResult {
  return {
    attack: name,
    verdict: 'unproven',
    why: 'Not tried, as the tenant’s own request does not work.',
    evidence: null,
  };
}

function untried(entrance: Entrance): EntranceResult {
  return { entrance, verdict: 'unproven', why: 'It was not tried in this run.', attacks: [], milliseconds: 0 };
}

/**
 * Finds every entrance of the application, tries to get at one tenant’s data as the other, and says which entrances are proven,
 * which leak, and which nobody has proven.
 *
 * @throws TypeError for options that name what is no entrance.
 *
 * @example
 * ```ts
 * import { type IsolationHarness, proveIsolation } from '@tenancy/testing';
 *
 * declare const app: IsolationHarness;
 * const report = await proveIsolation(app, { exempt: { 'GET /metrics': 'counts requests, and holds no tenant’s data' } });
 * console.log(report.verdict, report.counts);
 * ```
 */
export async function proveIsolation(harness: IsolationHarness, options: ProofOptions = {}): Promise<IsolationReport> {
  const proof = new IsolationProof(harness, options);
  for (const entrance of proof.entrances) await proof.prove(entrance);
  return proof.report();
}
