import { type Tenant, TenantContext } from '@tenancy/core';
import type { Copies } from '../copies/copies.js';
import type { Rows } from '../copies/ownership.js';
import type { FuzzedClient, Operation } from '../fuzzed/fuzzed-client.js';
import type { Canaries } from './canaries.js';
import { difference, json, type Sides } from './difference.js';
import type { Masking } from './masking.js';
import { isRefusal, type Outcome, outcomeOf } from './outcome.js';

/** The outcome of an operation of one tenant, beside the same operation on a database of its own. */
export type Verdict = 'sameAnswer' | 'sameError' | 'refusedByScope' | 'refusedByDatabase' | 'bothRefused';

/** An operation of a tenant, and who does the same at the same time. */
export interface Work {
  readonly tenant: Tenant;
  readonly beside: Tenant | null;
  readonly operation: Operation;
}

/** The client over each copy. */
export interface Clients {
  readonly together: object;
  readonly alone: ReadonlyMap<string, object>;
}

const COPIES: Sides = ["with everybody's rows", "with the tenant's alone"];
const TIMES: Sides = ['afterwards', 'before'];

/** The tenant is not alone. */
export class Broken extends Error {
  constructor(
    readonly difference: string,
    readonly together: string,
    readonly alone: string,
  ) {
    super(difference);
  }
}

/** Does the same work over everybody's rows and over the tenant's alone, and compares all there is to see. */
export class Comparison {
  readonly #context = new TenantContext();

  constructor(
    readonly fuzzed: FuzzedClient,
    readonly copies: Copies,
    readonly clients: Clients,
    readonly masking: Masking,
    readonly canaries: Canaries,
  ) {}

  /** @throws {Broken} with the first difference. */
  async compare({ tenant, beside, operation }: Work): Promise<Verdict> {
    const actors = beside ? [tenant, beside] : [tenant];
    const together = await Promise.all(actors.map((actor) => this.#do(this.clients.together, actor, operation)));
    let verdict: Verdict = 'sameAnswer';
    for (const [index, actor] of actors.entries()) {
      const alone = await this.#do(this.clients.alone.get(actor.id) as object, actor, operation);
      const here = await this.#judged(actor, operation, together[index] as Outcome, alone);
      if (index === 0) verdict = here;
    }
    return verdict;
  }

  /** @throws {Broken} when the rows of the copy with everybody's are not what they were. */
  async endsAsItBegan(): Promise<void> {
    const after = await this.copies.together.changed();
    if (after) throw new Broken('an operation that reads changed rows', 'other rows', 'the rows of the beginning');
  }

  #do(client: object, tenant: Tenant, operation: Operation): Promise<Outcome> {
    return this.#context.run(tenant, () => outcomeOf(() => this.fuzzed.perform(client, operation)));
  }

  async #judged(tenant: Tenant, operation: Operation, one: Outcome, other: Outcome): Promise<Verdict> {
    const copy = this.copies.alone.get(tenant.id);
    if (!operation.isWrite || !copy) return this.#verdict(tenant, operation, one, other, null);
    const { together } = this.copies;
    const [after, expected] = await Promise.all([together.changed(), copy.changed()]);
    try {
      return this.#verdict(tenant, operation, one, other, {
        after: after ?? together.initial,
        expected: expected ?? copy.initial,
      });
    } finally {
      await Promise.all([together.restore(), copy.restore()]);
    }
  }

  #verdict(
    tenant: Tenant,
    operation: Operation,
    one: Outcome,
    other: Outcome,
    rows: { readonly after: Rows; readonly expected: Rows } | null,
  ): Verdict {
    const given = givenText(operation);
    const shown = (outcome: Outcome) =>
      'answer' in outcome ? json(this.#plain(outcome.answer, operation)) : told(outcome.error);
    const check = (found: string | null) => {
      if (found !== null) throw new Broken(found, shown(one), shown(other));
    };
    const same = (a: Rows, b: Rows, what: string, sides: Sides) => check(this.#rowDifference(a, b, given, what, sides));
    const { ownership, together } = this.copies;
    const part = (all: Rows, own: boolean) => ownership.part(all, tenant.id, own);
    if (rows && rows.after !== together.initial) {
      same(part(rows.after, false), part(together.initial, false), 'the rows of others were changed:', TIMES);
    }
    if ('error' in one) {
      const canary = this.canaries.in(one.error.message, tenant, given);
      if (canary !== null) check(`the error tells of another tenant: ${JSON.stringify(canary)}`);
      if (rows && rows.after !== together.initial) {
        same(part(rows.after, true), part(together.initial, true), 'it was refused, and changed rows:', TIMES);
      }
      const isOurs = isRefusal(one.error);
      // Neither a scope nor a database says no like this.
      if ('answer' in other && one.error instanceof TypeError)
        check('the client failed where the tenant alone is answered');
      if ('answer' in other) return isOurs ? 'refusedByScope' : 'refusedByDatabase';
      return !isOurs && kind(one.error) === kind(other.error) ? 'sameError' : 'bothRefused';
    }
    if ('error' in other) {
      check("the client answered with everybody's rows what it refuses with the tenant's alone");
      return 'bothRefused';
    }
    check(difference(this.#plain(one.answer, operation), this.#plain(other.answer, operation), 'answer', COPIES));
    if (rows) same(part(rows.after, true), part(rows.expected, true), "the tenant's own rows afterwards:", COPIES);
    return 'sameAnswer';
  }

  #plain(answer: unknown, operation: Operation): unknown {
    return this.masking.plain(answer, givenText(operation), operation.isOrdered);
  }

  #rowDifference(one: Rows, other: Rows, given: string, what: string, sides: Sides): string | null {
    for (const [table, rows] of one) {
      const [a, b] = [rows, other.get(table) ?? []].map((all) => this.masking.plain(all, given, false));
      const found = difference(a, b, `${what} ${table}`, sides);
      if (found !== null) return found;
    }
    return null;
  }
}

const kind = ({ name, code }: Error & { readonly code?: unknown }) => `${name} ${String(code)}`;

function told({ name, message }: Error): string {
  return `${name}: ${message.trim().slice(-600)}`;
}

export function givenText({ given }: Operation): string {
  return JSON.stringify(given, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value));
}
