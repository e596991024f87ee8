import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TenantContext } from '../tenant-context.js';
import { type Held, kinds, type Trail } from './kinds.fixture.js';

const acme = { id: 't_acme', slug: 'acme' };
const globex = { id: 't_globex', slug: 'globex' };
const context = new TenantContext();
type Tenant = typeof acme;

const kindOf = (name: string) => kinds[name] ?? expect.fail(name);
const nested = (names: readonly string[]) => fc.array(fc.constantFrom(...names), { minLength: 1, maxLength: 5 });

/** Ways to work as a tenant, which a value is made by. */
const ways: Readonly<Record<string, (tenant: Tenant, make: () => unknown) => Held | Promise<Held>>> = {
  run: (tenant, make) => [context.run(tenant, make)],
  bind: (tenant, make) => [context.run(tenant, () => context.bind(make))()],
  'run, in a promise': (tenant, make) => context.run(tenant, async () => [make()] as const),
};

/** Makes what `names` say, each within the one before, as one tenant; reads it as another; and says who ran what. */
async function tried(way: string, names: readonly string[], maker: Tenant, reader: Tenant) {
  const ran = { made: new Set<string>(), read: new Set<string>() };
  const now = () => (context.isActive() ? context.tenantId : 'none');
  const trail: Trail = { made: () => ran.made.add(now()), read: () => ran.read.add(now()) };
  const innermost = () => {
    trail.made();
    return 7;
  };
  const make = names.reduceRight((hold: () => unknown, name) => () => kindOf(name).make(hold, trail), innermost);
  let [reached] = (await ways[way]?.(maker, make)) ?? [];
  const result = await context.run(reader, async () => {
    for (const name of names) {
      [reached] = await kindOf(name).read(reached, trail);
      trail.read();
    }
    return reached;
  });
  expect({ result, made: [...ran.made], read: [...ran.read] }).toEqual({
    result: 7,
    made: [maker.id],
    read: [reader.id],
  });
}

/** Both tenants at once, each reading the other's. */
const both = async (way: string, names: readonly string[]) => {
  await Promise.all([tried(way, names, acme, globex), tried(way, names, globex, acme)]);
};

describe('core-4: what is lazy runs as the tenant it was made for, and is read as whoever reads it', () => {
  it.each(Object.keys(kinds))('%s', (name) => both('run', [name]));

  it('in any nesting, made in any way', () =>
    fc.assert(fc.asyncProperty(fc.constantFrom(...Object.keys(ways)), nested(Object.keys(kinds)), both), {
      numRuns: 300,
    }));
});
