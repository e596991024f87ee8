import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isTenantFloorError } from '../../src/errors/tenant-floor-error.js';
import { compilePolicies } from '../../src/policies/compile-policies.js';
import type { CompilePoliciesOptions } from '../../src/policies/policy-options.js';

const refusal = (options: Partial<CompilePoliciesOptions>) => {
  try {
    compilePolicies({ role: 'app', tables: [{ name: 'job' }], ...options });
  } catch (error) {
    if (isTenantFloorError(error, 'floor_misconfigured')) return error.message;
    throw error;
  }
  return expect.unreachable('it was compiled');
};

describe('the SQL', () => {
  it('of a tenant table is what people would write by hand', () => {
    const { sql, tables, hash } = compilePolicies({ role: 'app', tables: [{ name: 'job', type: 'uuid' }] });
    expect(
      sql
        .split('\n\n')[3]
        ?.replace(tables[0]?.hash ?? '', 'HASH')
        .replace(tables[0]?.hash ?? '', 'HASH'),
    ).toBe(
      `REVOKE ALL ON TABLE "public"."job" FROM PUBLIC, "app" CASCADE;
ALTER TABLE "public"."job" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "public"."job" FORCE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS tenancy_access ON "public"."job";
DROP POLICY IF EXISTS tenancy_admin ON "public"."job";
DROP POLICY IF EXISTS tenancy_isolation ON "public"."job";
CREATE POLICY tenancy_isolation ON "public"."job" AS RESTRICTIVE FOR ALL TO "app"
  USING ("tenant_id" = NULLIF(current_setting('app.tenant_id', true), '')::uuid)
  WITH CHECK ("tenant_id" = NULLIF(current_setting('app.tenant_id', true), '')::uuid);
CREATE POLICY tenancy_access ON "public"."job" AS PERMISSIVE FOR ALL TO "app"
  USING (true)
  WITH CHECK (true);
COMMENT ON POLICY tenancy_isolation ON "public"."job" IS 'tenancy:HASH';
COMMENT ON POLICY tenancy_access ON "public"."job" IS 'tenancy:HASH';
GRANT SELECT, INSERT, UPDATE, DELETE ON TABLE "public"."job" TO "app";`,
    );
    expect([hash, tables[0]?.hash]).toEqual([
      expect.stringMatching(/^[0-9a-f]{16}$/),
      expect.stringMatching(/^\w{16}$/),
    ]);
  });

  it('is the statements one after the other', () => {
    const { sql, statements } = compilePolicies({ role: 'app', tables: [{ name: 'job' }, { name: 'note' }] });
    const [, ...rest] = sql.split('\n\n');
    expect(rest.join('\n').replaceAll('\n', '')).toBe(
      statements
        .map((each) => `${each};`)
        .join('')
        .replaceAll('\n', ''),
    );
  });

  it('creates roles that can do nothing else, and sets no password', () => {
    const [role, admin] = compilePolicies({ role: 'app', adminRole: 'support', tables: [{ name: 'job' }] }).statements;
    for (const statement of [role, admin]) {
      expect(statement).toContain('LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOREPLICATION;');
      expect(statement).not.toMatch(/password/i);
    }
  });

  it('is the same for the same tables in any order', () => {
    const lists = {
      tables: [{ name: 'job' }, { name: 'Job' }, { schema: 'app', name: 'job' }, { schema: 'app', name: 'note' }],
      shared: [{ name: 'country' }, { schema: 'app', name: 'currency', writable: true }],
      views: [{ name: 'b' }, { name: 'a' }],
    };
    const compiled = compilePolicies({ role: 'app', ...lists });
    fc.assert(
      fc.property(
        fc.record({
          tables: fc.shuffledSubarray(lists.tables, { minLength: 4 }),
          shared: fc.shuffledSubarray(lists.shared, { minLength: 2 }),
          views: fc.shuffledSubarray(lists.views, { minLength: 2 }),
        }),
        (shuffled) => {
          expect(compilePolicies({ role: 'app', ...shuffled })).toEqual(compiled);
        },
      ),
    );
  });

  it('has another hash where the policies say something else, and the same where they do not', () => {
    const hashOf = (options: Partial<CompilePoliciesOptions>) =>
      compilePolicies({ role: 'app', tables: [{ name: 'job' }], ...options }).tables[0]?.hash;
    const hashes = [
      hashOf({}),
      hashOf({ setting: 'app.org' }),
      hashOf({ role: 'web' }),
      hashOf({ adminRole: 'support' }),
      hashOf({ tables: [{ name: 'job', type: 'uuid' }] }),
      hashOf({ tables: [{ name: 'job', tenantColumn: 'org_id' }] }),
    ];
    expect(new Set(hashes).size).toBe(hashes.length);
    expect(hashOf({ tables: [{ name: 'job' }, { name: 'note' }], shared: [{ name: 'country' }] })).toBe(hashOf({}));
  });
});

describe('it refuses', () => {
  it('to protect nothing', () => {
    expect(refusal({ tables: [] })).toMatch(/tables is empty.*Name the tables/);
  });

  it('a table that is named twice, or as two things', () => {
    const job = { name: 'job' };
    expect(refusal({ tables: [job, { schema: 'public', name: 'job' }] })).toMatch(/public\.job is named twice/);
    expect(refusal({ tables: [job], shared: [job] })).toMatch(/public\.job is named in both tables and shared/);
    expect(refusal({ views: [job] })).toMatch(/named in both tables and views/);
    expect(() => compilePolicies({ role: 'app', tables: [job, { schema: 'other', name: 'job' }] })).not.toThrow();
  });

  it.each(['jsonb', 'numeric', 'citext', 'char', 'my_enum', 'TEXT', 'toString', "text'; --"])(
    'G3: a tenant column of type %s, which would need a cast on the column',
    (type) => {
      const tables = [{ name: 'job', type: type as 'text' }];
      expect(refusal({ tables })).toMatch(
        /job has the type .* cast on the column.*\(G3\).*Change the column to one of/,
      );
    },
  );

  it('the application as its own administrator', () => {
    expect(refusal({ role: 'app', adminRole: 'app' })).toMatch(/both "app".*every tenant's rows\. Name two roles/);
  });

  it.each(['public', 'PUBLIC', 'none', 'postgres', 'pg_monitor', 'pg_\nx'])('G1: the role %s', (role) => {
    expect(refusal({ role })).toMatch(/^floor_misconfigured: role is .*Name a role of its own/s);
    expect(refusal({ adminRole: role })).toMatch(/^floor_misconfigured: adminRole is/);
  });

  it.each(['', 'app', 'App.tenant', 'app.', '.a', "app.x', true) or true --", 'app.tenant-id', 'app.id\n'])(
    'the setting %j',
    (setting) => {
      expect(refusal({ setting })).toMatch(/is not the name of a custom setting.*such as 'app\.tenant_id'/);
    },
  );

  it.each([
    ['', 'is not a name'],
    ['x'.repeat(64), 'longer than 63 bytes'],
    ['ü'.repeat(32), 'longer than 63 bytes'],
    ['a\0b', 'NUL'],
    ['\ud800', 'Unicode'],
    [undefined, 'is not a name'],
  ])('the name %j, wherever it stands', (bad, problem) => {
    const name = bad as string;
    const everywhere: Partial<CompilePoliciesOptions>[] = [
      { role: name },
      { tables: [{ name }] },
      ...(bad === undefined
        ? []
        : [
            { adminRole: name },
            { database: name },
            { tables: [{ schema: name, name: 'job' }] },
            { tables: [{ name: 'job', tenantColumn: name }] },
          ]),
      { shared: [{ name }] },
      { views: [{ name }] },
    ];
    for (const options of everywhere) expect(refusal(options)).toContain(problem);
  });
});
