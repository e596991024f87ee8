import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { schemaPerTenant } from '../../src/index.js';
import { quotedSchema } from '../../src/isolation/schema-name.js';
import { forAllTests } from '../database/for-all-tests.js';
import { generatedRuns } from '../database/generated-runs.js';
import { openSchemaDatabase } from './schema-fixture.js';

const unplaceable = expect.objectContaining({ code: 'tenant_unplaceable' });
const isUsable = (name: string): boolean => {
  try {
    quotedSchema(name, []);
    return true;
  } catch {
    return false;
  }
};

/** Any text, and text made of what has a meaning in `search_path`. */
const anyName = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 70 }),
  fc.string({
    unit: fc.constantFrom('"', "'", ',', ' ', '\\', '$', ';', '-', 'ä', '😀', 'a', 'A', '\t', '\n', '.'),
    maxLength: 40,
  }),
  fc.constantFrom(
    '"$user"',
    'a, b',
    'a"',
    '"',
    '""',
    'PG_X',
    'Public',
    'a, "globex"',
    "'; drop table job; --",
    '😀'.repeat(15),
  ),
);

describe('the name of a schema', () => {
  const database = forAllTests(openSchemaDatabase);

  it('of any kind leads to the schema of exactly that name, or is refused', async () => {
    const pool = database.schemaPool();
    const made = new Set<string>();
    await fc.assert(
      fc.asyncProperty(anyName, async (slug) => {
        if (!isUsable(slug)) return;
        if (!made.has(slug)) await database.inSchema(slug, 'create table here as select current_schema() as name');
        made.add(slug);
        const { rows } = await database.context.run({ id: `t_${slug}`, slug }, () =>
          pool.query(
            'select name, current_schema() as schema, (select count(*)::int from pg_class where oid = $1::regclass) as n from here',
            ['here'],
          ),
        );
        expect(rows).toEqual([{ name: slug, schema: slug, n: 1 }]);
      }),
      generatedRuns(250),
    );
    expect(made.size).toBeGreaterThan(50);
  });

  it.each([
    '',
    '$user',
    'pg_temp',
    'pg_catalog',
    'pg_acme',
    'public',
    'information_schema',
    'a\0b',
    '\ud800',
    'shared',
  ])('is refused when it is %j', (slug) => {
    const { place } = schemaPerTenant({ name: () => slug, shared: ['shared'] });
    expect(() => place({ id: 't', slug: 't' })).toThrow(unplaceable);
  });

  it.each([undefined, null, 7, {}, ['acme']])('is refused when it is no text: %j', (slug) => {
    const { place } = schemaPerTenant({ name: () => slug as never });
    expect(() => place({ id: 't', slug: 't' })).toThrow(unplaceable);
  });

  it('is measured in bytes: PostgreSQL would cut off the rest, and two tenants could be left with the same', () => {
    const { place } = schemaPerTenant({ name: ({ slug }) => slug });
    expect(() => place({ id: 'a', slug: 'é'.repeat(31) })).not.toThrow();
    for (const slug of ['a'.repeat(64), 'é'.repeat(32), `${'😀'.repeat(15)}abcd`]) {
      expect(() => place({ id: slug, slug })).toThrow(unplaceable);
    }
  });

  it("is one tenant's: a second tenant with the same is refused, and so is a `name` that throws", () => {
    const { place } = schemaPerTenant({ name: ({ slug }) => slug.toLowerCase() });
    place({ id: 't_acme', slug: 'acme' });
    expect(() => place({ id: 't_acme', slug: 'ACME' })).not.toThrow();
    expect(() => place({ id: 't_globex', slug: 'Acme' })).toThrow(unplaceable);
    expect(() => place({ id: 't_none' } as never)).toThrow(unplaceable);
  });

  it('differs for any two tenants by default, or one of them is refused', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 60 }),
        fc.string({ unit: 'binary', maxLength: 60 }),
        (one, other) => {
          fc.pre(one !== other);
          const { place } = schemaPerTenant();
          const paths = [one, other].map((id) => {
            try {
              return place({ id, slug: '' }).settings[0]?.[1];
            } catch {
              return undefined;
            }
          });
          expect(paths[0] === undefined || paths[0] !== paths[1]).toBe(true);
        },
      ),
    );
  });
});
