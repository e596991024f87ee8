import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { Tenant } from '@tenancy/core';
import type { Canary, Sighting } from '../../canaries/canary.js';
import { findCanaries } from '../../canaries/find-canaries.js';
import { findInAnswer } from '../../canaries/find-in-answer.js';
import type { Planted, TenantRows } from '../../canaries/planted.js';
import type { Entrance } from '../../discovery/entrance.js';
import type { Identity, IsolationHarness } from '../../harness/isolation-harness.js';
import type { Observation } from '../../harness/recorder.js';
import { SHARED_CACHE } from '../../harness/usual-exits.js';
import type { HttpAnswer } from '../../http-request.js';
import type { RowChange } from '../../report/isolation-report.js';
import { answered } from './answered.js';
import { isNumbering } from './numbering.js';
import { rowChanges } from './row-changes.js';
import type { Transport, TransportAnswer, TransportCall } from './transport.js';
import type { Variation } from './variation.js';

/** A call: by whom, with whose rows, and what of the request is changed. */
export interface Call extends TransportCall {
  /** The tenants whose values and rows must not be seen or changed by it. @defaultValue the other tenant's */
  readonly watched?: readonly Tenant[];
}

/** The outcome of a call, and what came of it elsewhere. */
export interface Attempt extends TransportAnswer {
  readonly sightings: readonly Sighting[];
  readonly changes: readonly RowChange[];
  /** The lines in which something of others was seen. */
  readonly log: readonly string[];
  /** All of its lines. */
  readonly logged: readonly string[];
  /** Everything else that left the application meanwhile. */
  readonly observed: readonly Observation[];
}

/** An entrance, and two tenants of which one attacks the other at it. */
export class Target {
  /** The time, of `performance.now()`, after which no further call is made. */
  deadline = Number.POSITIVE_INFINITY;
  /** True where the other's rows have to be still before each call: what its own work writes late looks like harm. */
  isCareful = false;
  /** True where sessions end so soon, or by the entrance itself, that each call begins with one of its own. */
  signsIn = false;
  /** Work of the other, at all entrances. */
  othersWork: () => Promise<void> = async () => {};
  readonly #kept: Variation[] = [];

  constructor(
    readonly harness: IsolationHarness,
    readonly entrance: Entrance,
    readonly transport: Transport,
    readonly own: Tenant,
    readonly other: Tenant,
  ) {}

  /** Variations that made a difference, with which other attacks are tried too. */
  get kept(): readonly Variation[] {
    return this.#kept;
  }

  /** Keeps a variation, up to {@link MOST_KEPT}. */
  keep(variation: Variation): void {
    if (this.#kept.length < MOST_KEPT) this.#kept.push(variation);
  }

  /** True when a call may change rows, so that fresh ones are planted for each. */
  get changesRows(): boolean {
    const { route, kind } = this.entrance;
    return !(kind === 'sse' || ['GET', 'HEAD', 'OPTIONS'].includes(route?.method ?? '') || this.isQuery);
  }

  private get isQuery(): boolean {
    return this.entrance.kind === 'graphql' && !this.entrance.id.startsWith('graphql Mutation.');
  }

  /** The tenant's rows to call with: new ones after a call that may have used them up. */
  async rowsFor(tenant: Tenant): Promise<Planted> {
    const used = usedUp(this.harness);
    return used.delete(tenant.id) ? this.harness.plant(tenant) : this.harness.planted(tenant);
  }

  async identityOf(tenant: Tenant): Promise<Identity> {
    if (this.signsIn) await this.harness.signIn();
    return this.harness.identityOf(tenant);
  }

  /** As the tenant itself, with its own rows. */
  async asItself(tenant: Tenant = this.own, more: Partial<Call> = {}): Promise<Call> {
    const [identity, rows] = [await this.identityOf(tenant), await this.rowsFor(tenant)];
    return { identity, tenant, rows, ...(tenant === this.other && { watched: [this.own] }), ...more };
  }

  /** Calls, and looks at everything that comes out of the application meanwhile. */
  async attempt({ watched = [this.other], ...call }: Call): Promise<Attempt> {
    const { looks, recorder } = this.harness;
    const isKnown = watched.every(({ id }) => looks.has(id));
    // The other's own work may go on after its answer, and is no harm.
    if (!isKnown && this.transport.lateness > 0) await sleep(this.transport.lateness);
    if (!isKnown && this.isCareful) await this.#stillness(watched);
    const before = await Promise.all(watched.map((tenant) => looks.get(tenant.id) ?? this.#rowsOf(tenant)));
    const settle = this.changesRows ? Math.max(SETTLE, this.transport.lateness) : 0;
    const { result, log, observed } = await recorder.record(() => this.#call(call), settle);
    const after = await Promise.all(watched.map((tenant) => this.#rowsOf(tenant)));
    const looked = this.#looked(result, call, watched, log, observed);
    if (this.changesRows && !result.isRefused) this.#own(call.tenant, result);
    const changes = before.flatMap((rows, n) => (rows && after[n] ? rowChanges(rows, after[n]) : []));
    return { ...result, changes, observed, logged: log, ...looked, sightings: await this.#confirmed(looked.sightings) };
  }

  /** Without the numbers that both have: where each tenant counts its invoices, `2026-00003` is one of each. */
  async #confirmed(sightings: readonly Sighting[]): Promise<readonly Sighting[]> {
    if (!this.harness.rowsOf || !sightings.some(({ canary }) => isNumbering(canary.value))) return sightings;
    const mine = new Set(
      Object.values(await this.harness.rowsOf(this.own)).flatMap((rows) =>
        rows.flatMap((row) => Object.values(row).map(String)),
      ),
    );
    const theirs = new Set(
      Object.values(await this.harness.rowsOf(this.other)).flatMap((rows) =>
        rows.flatMap((row) => Object.values(row).map(String)),
      ),
    );
    return sightings.filter(({ canary: { value } }) => !(isNumbering(value) && mine.has(value) && theirs.has(value)));
  }

  /** Remembers what a tenant wrote: it may be in its rows from now on, also where it is another's value; who is whose stays known. */
  #own(tenant: Tenant | null, { sent, answer }: TransportAnswer): void {
    if (tenant === null) return;
    for (const { canary } of findCanaries(sent, this.harness.canaries.ofOthers(tenant))) {
      const isName = canary.what.startsWith('tenant.');
      if (isName && answer?.request.body?.includes(canary.value)) namedIn(this.harness, tenant).add(canary.value);
      if (!isName) this.harness.canaries.plant(tenant, canary.what, canary.value);
    }
  }

  /** Calls while others do too, so that only the answer can be held against it. */
  async attemptUnobserved({ watched = [this.other], ...call }: Call): Promise<Attempt> {
    const result = await this.#call(call);
    const { sightings, log } = this.#looked(result, call, watched, [], []);
    return { ...result, changes: [], observed: [], log, logged: [], sightings: await this.#confirmed(sightings) };
  }

  async #call(call: Omit<Call, 'watched'>) {
    if (performance.now() > this.deadline) throw new Error('the time for this entrance was over (`budget`).');
    if (call.tenant) this.harness.looks.delete(call.tenant.id);
    const result = await answered(this.transport, call);
    if (this.changesRows && !result.isRefused)
      for (const { id } of [this.own, this.other]) usedUp(this.harness).add(id);
    return result;
  }

  /** Looks at rows until two looks agree. */
  async #stillness(tenants: readonly Tenant[]): Promise<void> {
    let seen = await Promise.all(tenants.map((tenant) => this.#rowsOf(tenant)));
    for (let n = 0; n < MOST_LOOKS; n += 1) {
      await sleep(BETWEEN_LOOKS);
      const now = await Promise.all(tenants.map((tenant) => this.#rowsOf(tenant)));
      if (isDeepStrictEqual(now, seen)) return;
      seen = now;
    }
  }

  #looked(
    { answer, seen, error, sent }: Awaited<ReturnType<Transport['call']>>,
    { tenant }: Omit<Call, 'watched'>,
    watched: readonly Tenant[],
    log: readonly string[],
    observed: readonly Observation[],
  ): Pick<Attempt, 'sightings' | 'log'> {
    const foreign = watched.filter((each) => each !== tenant || watched.length > 1);
    // The registry's own lists, which are indexed once. What the caller itself sent tells it nothing when it comes back.
    const look = (find: (canaries: readonly Canary[]) => readonly Sighting[]) =>
      foreign
        .flatMap((each) => find(this.harness.canaries.of(each)))
        .filter(({ canary }) => !sent.includes(canary.value.toLowerCase()))
        .filter(({ canary }) => tenant === null || !namedIn(this.harness, tenant).has(canary.value));
    const inAnswer = look((canaries) =>
      answer
        ? findInAnswer({ ...answer, headers: telling(answer.headers) }, canaries)
        : findCanaries(seen ?? error?.message, canaries),
    );
    const inExits = observed.flatMap(({ exit, name, payload }) => {
      const find = (canaries: readonly Canary[]) => findCanaries([name, payload], canaries, `${exit} ${name}`);
      return exit === SHARED_CACHE
        ? this.harness.tenants.flatMap((each) => find(this.harness.canaries.of(each)))
        : look(find);
    });
    const inLog = log.map((line) => look((canaries) => findCanaries(line, canaries, 'log')));
    return {
      sightings: [...inAnswer, ...inExits, ...inLog.flat()],
      log: log.filter((_, n) => (inLog[n]?.length ?? 0) > 0),
    };
  }

  async #rowsOf(tenant: Tenant): Promise<TenantRows | null> {
    if (!this.changesRows || !this.harness.rowsOf) return null;
    const rows = await this.harness.rowsOf(tenant);
    this.harness.looks.set(tenant.id, rows);
    return rows;
  }
}

/** Milliseconds, and how often. */
const BETWEEN_LOOKS = 400;
const MOST_LOOKS = 5;

/** Milliseconds for what a writing request logs or sends after its answer. */
const SETTLE = 2;

/** Enough for every branch of a handler, and few enough for each of them to be measured. */
const MOST_KEPT = 8;

/** The tenants whose rows a call has changed, or may have. */
function usedUp(harness: IsolationHarness): Set<string> {
  const known = used.get(harness) ?? new Set();
  used.set(harness, known);
  return known;
}

const used = new WeakMap<IsolationHarness, Set<string>>();

/** The names of others that a tenant has written itself, in an attack: what it reads again tells nothing. */
function namedIn(harness: IsolationHarness, { id }: Tenant): Set<string> {
  const byTenant = named.get(harness) ?? new Map<string, Set<string>>();
  named.set(harness, byTenant);
  const known = byTenant.get(id) ?? new Set();
  byTenant.set(id, known);
  return known;
}

const named = new WeakMap<IsolationHarness, Map<string, Set<string>>>();

/** The date of an answer is nobody's. */
function telling(headers: HttpAnswer['headers']): HttpAnswer['headers'] {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !['date', 'content-length'].includes(name)));
}
