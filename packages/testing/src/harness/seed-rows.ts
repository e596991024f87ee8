import { randomBytes } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { Tenant } from '@tenancy/core';
import type { CanaryRegistry } from '../canaries/canary-registry.js';
import type { Planted } from '../canaries/planted.js';
import { HarnessMisuseError } from '../misuse.js';
import type { Seeding } from './harness-options.js';

/** The rows that each tenant was seeded with, and how often. */
export class SeedBed {
  readonly #rounds = new Map<string, number>();
  readonly #latest = new Map<string, { readonly tenant: Tenant; readonly planted: Planted }>();

  constructor(
    private readonly canaries: CanaryRegistry,
    private readonly seed: (tenant: Tenant, seeding: Seeding) => Planted | Promise<Planted>,
  ) {}

  latest(tenant: Tenant): Planted | undefined {
    return this.#latest.get(tenant.id)?.planted;
  }

  /** @throws HarnessMisuseError when what `seed` answers cannot tell the tenants, or the rounds, apart. */
  async plant(tenant: Tenant, seeding: Omit<Seeding, 'round' | 'canary'>): Promise<Planted> {
    const round = (this.#rounds.get(tenant.id) ?? 0) + 1;
    this.#rounds.set(tenant.id, round);
    const texts: [string, string][] = [];
    const canary = (name: string) => {
      const text = `canary-${name}-${round}${randomBytes(4).toString('hex')}`;
      texts.push([name, text]);
      return text;
    };
    const planted = await this.seed(tenant, { ...seeding, round, canary });
    this.#check(tenant, planted, round);
    this.canaries.plantRows(tenant, planted);
    // The row that is answered may leave the column out.
    for (const [name, text] of texts) this.canaries.plant(tenant, name, text);
    if (!this.canaries.of(tenant).some(({ what }) => !what.startsWith('tenant.'))) {
      throw new HarnessMisuseError(
        `\`seed\` planted nothing for ${tenant.slug} that would be recognised: every value is short, common, or another tenant's too.`,
        "Write `canary('title')` into a text column, and answer with ids that tenants do not share.",
      );
    }
    this.#latest.set(tenant.id, { tenant, planted });
    return planted;
  }

  #check(tenant: Tenant, planted: Planted, round: number): void {
    const resources = Object.entries(planted ?? {});
    if (resources.length === 0) {
      throw new HarnessMisuseError(
        `\`seed\` answered nothing for ${tenant.slug}.`,
        'Answer with the rows that it planted: `return { job: await … }`.',
      );
    }
    for (const [resource, rows] of resources) {
      const list = [rows].flat() as readonly unknown[];
      if (list.length === 0) {
        throw new HarnessMisuseError(`\`seed\` answered no ${resource} for ${tenant.slug}.`, 'Plant at least one.');
      }
      for (const row of list) {
        const missing =
          typeof row === 'object' && row !== null
            ? Object.entries(row).find(([, value]) => value === undefined)?.[0]
            : 'row';
        if (missing !== undefined) {
          throw new HarnessMisuseError(
            `\`seed\` answered a ${resource} of ${tenant.slug} without its ${missing}.`,
            'Was it created? Look at the status of the answer that it was read from.',
          );
        }
      }
    }
    for (const { tenant: other, planted: theirs } of this.#latest.values()) {
      if (!isDeepStrictEqual(planted, theirs)) continue;
      throw new HarnessMisuseError(
        other.id === tenant.id
          ? `\`seed\` answered the same rows for ${tenant.slug} in round ${round} as before.`
          : `\`seed\` answered the same rows for ${tenant.slug} as for ${other.slug}.`,
        "Plant rows of its own each time, with `canary('title')` in a text column.",
      );
    }
  }
}
