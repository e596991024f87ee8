// Run by plain node inside an installed consumer: every assertion is about the packages as Node itself loads them.
import 'reflect-metadata';
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import * as imported from '@tenancy/core';
import * as importedTypeOrm from '@tenancy/typeorm';
import { DataSource, Entity, PrimaryColumn } from 'typeorm';

const require = createRequire(import.meta.url);

// `module-sync`: plain import and plain require are one copy, so a class is one injection token.
const entriesOf = (name) =>
  Object.keys(require(`${name}/package.json`).exports)
    // What is for one test runner is used by that runner alone.
    .filter((entry) => !/json$|vitest|jest/.test(entry))
    .map((entry) => `${name}${entry.slice(1)}`);
const entries = ['cli', 'core', 'postgres', 'prisma', 'testing', 'typeorm'].flatMap((name) =>
  entriesOf(`@tenancy/${name}`),
);
assert.ok(entries.includes('@tenancy/core/admin') && entries.includes('@tenancy/prisma'));
const loaded = [];
for (const entry of entries) {
  const exported = await import(entry).catch((error) => whereAPeerIsMissing(entry, error));
  if (!exported) continue;
  loaded.push(entry);
  for (const [name, value] of Object.entries(exported)) {
    assert.equal(require(entry)[name], value, `${name} of ${entry} is one for import and for require`);
  }
}
const needed = ['core', 'core/adapter', 'core/admin', 'core/events', 'core/http', 'core/logging', 'core/storage'];
for (const name of [...needed, 'cli', 'postgres', 'prisma', 'testing', 'typeorm']) {
  assert.ok(loaded.includes(`@tenancy/${name}`), `@tenancy/${name} is imported`);
}

/** A subpath needs packages that only some users have, each of them an optional peer; any other failure is one. */
function whereAPeerIsMissing(entry, error) {
  const [, peer] = /Cannot find package '([^']+)'/.exec(error.message) ?? [];
  const { peerDependenciesMeta } = require(`${entry.split('/').slice(0, 2).join('/')}/package.json`);
  if (error.code === 'ERR_MODULE_NOT_FOUND' && peerDependenciesMeta[peer]?.optional) return null;
  throw error;
}

// The CommonJS file by its path is a second copy, such as a bundler or Jest makes.
const copyOf = (name) => require(join(dirname(require.resolve(`${name}/package.json`)), 'dist', 'index.cjs'));
const copy = copyOf('@tenancy/core');
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

// A tenant column that one copy declared is found by the other, and so are its refusals.
const copyTypeOrm = copyOf('@tenancy/typeorm');
assert.notEqual(copyTypeOrm.tenantScoped, importedTypeOrm.tenantScoped, 'two copies really exist');
for (const [one, other] of [
  [importedTypeOrm, copyTypeOrm],
  [copyTypeOrm, importedTypeOrm],
]) {
  class Job {}
  Entity()(Job);
  PrimaryColumn('text')(Job.prototype, 'id');
  one.TenantColumn({ name: 'company_id' })(Job.prototype, 'companyId');
  const context = new imported.TenantContext();
  const source = new DataSource({ type: 'sqljs', entities: [Job], synchronize: true });
  const { manager } = await other.tenantScoped(source, { context }).initialize();
  await context.run(acme, () => manager.insert(Job, { id: '1' }));
  await context.run(globex, async () => {
    await manager.insert(Job, { id: '2' });
    assert.deepEqual(
      (await manager.find(Job)).map(({ id, companyId }) => [id, companyId]),
      [['2', globex.id]],
    );
    const refusal = await manager.query('SELECT * FROM job').catch((error) => error);
    assert.equal(refusal instanceof one.TenantScopeError, false);
    assert.equal(one.isTenantScopeError(refusal, 'scope_refused'), true);
  });
  await source.destroy();
}

console.log('one context in two copies');
