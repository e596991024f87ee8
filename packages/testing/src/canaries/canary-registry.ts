import { types } from 'node:util';
import type { Tenant } from '@tenancy/core';
import type { Canary } from './canary.js';
import { CanaryIndex } from './canary-index.js';
import { indexedBy } from './find-canaries.js';
import type { Planted } from './planted.js';
import { isTelling, SHORTEST } from './telling.js';

/**
 * The values of each tenant, and which of them tell whose they are. A tenant's `id`, `slug` and `name` are canaries
 * from the start.
 *
 * @example
 * ```ts
 * import { CanaryRegistry, findCanaries } from '@tenancy/testing';
 *
 * const [acme, globex] = [{ id: 't_acme', slug: 'acme' }, { id: 't_globex', slug: 'globex' }] as const;
 * const canaries = new CanaryRegistry([acme, globex]);
 * canaries.plant(globex, 'job', { id: 90817, title: 'Reactor technician' });
 * console.log(findCanaries('90817: Reactor technician', canaries.of(globex)).length); // 2
 * ```
 */
export class CanaryRegistry {
  readonly #tenants = new Map<string, Tenant>();
  readonly #holdings = new Map<string, Holding>();
  #own = new Map<string, readonly Canary[]>();
  #others = new Map<string, readonly Canary[]>();

  constructor(tenants: readonly Tenant[] = []) {
    for (const tenant of tenants) this.add(tenant);
  }

  /** Makes a tenant known. Adding it again changes nothing. */
  add(tenant: Tenant): void {
    if (!this.#tenants.has(tenant.id)) this.#hold(tenant);
  }

  /** @internal Rows that are gone are nobody's: every value but the tenants' own names is forgotten. */
  forgetRows(): void {
    this.#holdings.clear();
    for (const tenant of this.#tenants.values()) this.#hold(tenant);
  }

  #hold(tenant: Tenant): void {
    this.#tenants.set(tenant.id, tenant);
    this.#holdings.set(tenant.id, {
      canaries: new Map(),
      ambiguous: new Set(),
      texts: new Set(),
      index: new CanaryIndex(),
    });
    const { id, slug, name } = tenant as Tenant & { readonly name?: unknown };
    for (const [what, value] of Object.entries({ id, slug, name })) {
      // Whatever they look like: an address says more than a word of a text does.
      if (typeof value === 'string') this.#keep(tenant.id, `tenant.${what}`, value, value.length >= SHORTEST);
    }
  }

  /** True for a tenant whose canaries it keeps. */
  has(tenant: Tenant): boolean {
    return this.#holdings.has(tenant?.id);
  }

  /**
   * Registers a value of `tenant`, or every value in it when it is a row, a list or a document. Values that say
   * nothing (booleans, dates, small numbers, words of an enumeration) are known and never reported.
   *
   * @throws TypeError for a tenant that was not added.
   */
  plant(tenant: Tenant, what: string, value: unknown): void {
    if (!this.has(tenant)) {
      throw new TypeError(
        'CanaryRegistry.plant: the tenant is not one of this registry. Pass it to the constructor, or `add` it.',
      );
    }
    for (const [path, text] of textsOf(what, value)) this.#keep(tenant.id, path, text, isTelling(text));
  }

  /** Registers what a `seed` returned: each row under the name of its resource. */
  plantRows(tenant: Tenant, rows: Planted): void {
    for (const [resource, row] of Object.entries(rows)) this.plant(tenant, resource, row);
  }

  /**
   * The canaries of `tenant`: its telling values, without those that another tenant has too, alone or as a part of a
   * longer one. The answer is frozen, and the same list until something is planted.
   */
  of(tenant: Tenant): readonly Canary[] {
    const known = this.#own.get(tenant.id);
    if (known) return known;
    const holding = this.#holdings.get(tenant.id);
    if (!holding) return [];
    const canaries = [...holding.canaries.values()].filter((canary) => !holding.ambiguous.has(canary));
    const answer = indexedBy(Object.freeze(canaries), holding.index);
    this.#own.set(tenant.id, answer);
    return answer;
  }

  /** The canaries of every tenant but `tenant`: what it must never see. */
  ofOthers(tenant: Tenant): readonly Canary[] {
    const known = this.#others.get(tenant.id);
    if (known) return known;
    const others = [...this.#holdings.keys()].filter((id) => id !== tenant.id);
    const [other, ...more] = others.map((id) => this.of({ id } as Tenant));
    const answer = other && more.length === 0 ? other : Object.freeze([other ?? [], ...more].flat());
    this.#others.set(tenant.id, answer);
    return answer;
  }

  #keep(tenantId: string, what: string, value: string, tells: boolean): void {
    const holding = this.#holdings.get(tenantId);
    if (!holding || holding.texts.has(value)) return;
    this.#own = new Map();
    this.#others = new Map();
    holding.texts.add(value);
    const others = [...this.#holdings].flatMap(([id, other]) => (id === tenantId ? [] : [other]));
    for (const other of others) for (const { canary } of other.index.find(value)) disown(other, canary);
    if (!tells || holding.canaries.has(value.toLowerCase())) return;
    const canary = Object.freeze({ tenantId, value, what });
    holding.canaries.set(value.toLowerCase(), canary);
    holding.index.add(canary);
    if (others.some(({ texts }) => isAmong(canary, texts))) disown(holding, canary);
  }
}

/** The known values of one tenant. It only grows, so that a value costs what it is, however many there are. */
interface Holding {
  /** By value in lower case. */
  readonly canaries: Map<string, Canary>;
  /** Those that another tenant has too. */
  readonly ambiguous: Set<Canary>;
  /** Everything that it has, dull values too, to know what is not another's alone. */
  readonly texts: Set<string>;
  readonly index: CanaryIndex;
}

function isAmong(canary: Canary, texts: ReadonlySet<string>): boolean {
  const lower = canary.value.toLowerCase();
  const candidates = [...texts].filter((text) => text.length >= lower.length && text.toLowerCase().includes(lower));
  if (candidates.length === 0) return false;
  const index = new CanaryIndex([canary]);
  return candidates.some((text) => index.find(text).length > 0);
}

function disown({ ambiguous, index }: Holding, canary: Canary): void {
  ambiguous.add(canary);
  index.remove(canary);
}

/** Every value in `value` as a text, with what it is: `job.title`, `candidate[1].email`. */
export function* textsOf(what: string, value: unknown, above: readonly object[] = []): Generator<[string, string]> {
  if (typeof value === 'string' && value !== '') yield [what, value];
  if (typeof value === 'number' || typeof value === 'bigint') yield [what, String(value)];
  if (typeof value !== 'object' || value === null || types.isDate(value) || above.includes(value)) return;
  if (ArrayBuffer.isView(value)) {
    const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
    if (bytes.length > 0) yield* [[what, bytes.toString('hex')] as [string, string], [what, bytes.toString('base64')]];
    return;
  }
  const own = typeof (value as { toJSON?: unknown }).toJSON === 'function' ? plain(value) : value;
  if (typeof own !== 'object' || own === null) return yield* textsOf(what, own, [...above, value]);
  for (const [key, inner] of Object.entries(own)) {
    yield* textsOf(Array.isArray(own) ? `${what}[${key}]` : `${what}.${key}`, inner, [...above, value]);
  }
}

/** A decimal or an entity, as it would be sent. */
const plain = (value: object): unknown => (value as { toJSON(): unknown }).toJSON();
