// Run by plain node inside an installed consumer: every assertion is about @tenancy/core as Node itself loads it.
import 'reflect-metadata';
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import * as imported from '@tenancy/core';
import * as importedAdmin from '@tenancy/core/admin';

const require = createRequire(import.meta.url);
const required = require('@tenancy/core');

// `module-sync`: plain import and plain require are one copy, so a class is one injection token.
for (const [name, value] of Object.entries(imported)) {
  assert.equal(required[name], value, `${name} is one for import and for require`);
}
assert.equal(require('@tenancy/core/admin').TenantAdmin, importedAdmin.TenantAdmin);

// The CommonJS file by its path is a second copy, such as a bundler or Jest makes.
const copy = require(join(dirname(require.resolve('@tenancy/core/package.json')), 'dist', 'index.cjs'));
assert.notEqual(copy.TenantContext, imported.TenantContext, 'two copies really exist');

const acme = { id: 't_acme', slug: 'acme' };
const globex = { id: 't_globex', slug: 'globex' };
for (const [one, other] of [
  [imported, copy],
  [copy, imported],
]) {
  const [mine, theirs] = [new one.TenantContext(), new other.TenantContext()];
  assert.equal(theirs.isActive(), false);
  const seen = await mine.run(acme, async () => {
    await new Promise((resolve) => setTimeout(resolve, 1));
    return theirs.current();
  });
  assert.deepEqual(seen, acme);

  const errorOf = (fn) => {
    try {
      fn();
    } catch (error) {
      return error;
    }
    return undefined;
  };
  const missing = errorOf(() => mine.current());
  assert.equal(missing instanceof other.TenancyError, false);
  assert.equal(other.isTenancyError(missing, 'tenant_context_missing'), true);
  const switched = errorOf(() => mine.run(acme, () => theirs.run(globex, () => {})));
  assert.equal(one.isTenancyError(switched, 'tenant_switch_refused'), true);
}

console.log('one context in two copies');
