import { readdirSync, readFileSync } from 'node:fs';
import { PrismaPg } from '@prisma/adapter-pg';
import { TenantContext } from '@tenancy/core';
import { describe, expect, it } from 'vitest';
import { isTenantScopeError, tenantScoped } from '../../src/index.js';
import { createActions } from '../../src/scope/nested-create.js';
import { updateActions } from '../../src/scope/nested-update.js';
import { operations } from '../../src/scope/operations.js';
import { PrismaClient } from '../oracle/generated/postgresql/client.js';

/**
 * Walks what the generated client can do, as its types declare it. Whatever a later Prisma adds turns up here, and is either
 * known to the scope or refused by it: an entry that is neither fails by its name.
 */
const folder = new URL('../oracle/generated/postgresql/models/', import.meta.url);
const types = readdirSync(folder)
  .map((file) => readFileSync(new URL(file, folder), 'utf8'))
  .join('\n');

/** The keys of every declared type whose name fits. */
function keysOf(name: RegExp): readonly string[] {
  const found = [...types.matchAll(/export type (\w+)(?:<.*>)? = (?:[^{;]*)\{\n([\s\S]*?)\n\}/g)].filter(([, type]) =>
    name.test(type ?? ''),
  );
  if (found.length === 0) throw new Error(`no type ${name}`);
  return [
    ...new Set(found.flatMap(([, , body = '']) => [...body.matchAll(/^ {2}(\w+)\??:/gm)].map(([, key]) => key ?? ''))),
  ].sort();
}

const adapter = new PrismaPg({ connectionString: 'postgres://127.0.0.1:1/none' });
const raw = new PrismaClient({ adapter });
const context = new TenantContext();
const scoped = tenantScoped(raw, { context, shared: ['Country'] }) as unknown as Record<
  string,
  Record<string, (args: unknown) => PromiseLike<unknown>>
>;
const table: string[] = [];

async function refusal(call: () => unknown): Promise<boolean> {
  try {
    await context.run({ id: 't_acme', slug: 'acme' }, async () => await call());
    return false;
  } catch (error) {
    // Nothing listens there: what is not refused before comes to the database, and fails otherwise.
    return isTenantScopeError(error, 'scope_refused');
  }
}

describe('everything the generated client can do is scoped or refused', () => {
  it('every operation of a model', async () => {
    const names = Object.keys(raw.job).filter(
      (name) => typeof (raw.job as unknown as Record<string, unknown>)[name] === 'function',
    );
    for (const name of names) {
      const isScoped = operations.has(name);
      if (!isScoped) expect([name, await refusal(() => scoped['job']?.[name]?.({}))]).toEqual([name, true]);
      table.push(`${name.padEnd(28)}${isScoped ? 'scoped' : 'refused'}`);
    }
    expect(names.filter((name) => operations.has(name)).sort()).toEqual([...operations.keys()].sort());
  });

  it('every argument of every operation', () => {
    const declared: Readonly<Record<string, RegExp>> = {
      findMany: /FindManyArgs$/,
      findUnique: /FindUniqueArgs$/,
      findFirst: /FindFirstArgs$/,
      create: /^\w+(?<!Many)CreateArgs$/,
      createMany: /CreateManyArgs$/,
      createManyAndReturn: /CreateManyAndReturnArgs$/,
      update: /UpdateArgs$/,
      updateMany: /UpdateManyArgs$/,
      updateManyAndReturn: /UpdateManyAndReturnArgs$/,
      upsert: /UpsertArgs$/,
      delete: /DeleteArgs$/,
      deleteMany: /DeleteManyArgs$/,
      groupBy: /GroupByArgs$/,
      aggregate: /AggregateArgs$/,
    };
    for (const [name, type] of Object.entries(declared)) {
      const known = Object.keys(operations.get(name)?.rules ?? {});
      const unknown = keysOf(type).filter((key) => !known.includes(key));
      expect([name, unknown]).toEqual([name, []]);
    }
  });

  it('every nested action of a new row and of a changed one', () => {
    const inCreate = keysOf(/CreateNested(One|Many)With/);
    const inUpdate = keysOf(/Update(One|Many)(Required)?With\w+NestedInput$/);
    for (const name of inCreate)
      table.push(`create.${name.padEnd(21)}${Object.hasOwn(createActions, name) ? 'scoped' : 'UNKNOWN'}`);
    for (const name of inUpdate)
      table.push(`update.${name.padEnd(21)}${Object.hasOwn(updateActions, name) ? 'scoped' : 'UNKNOWN'}`);
    expect(inCreate).toEqual(Object.keys(createActions).sort());
    expect(inUpdate).toEqual(Object.keys(updateActions).sort());
  });

  it('every way of asking through a relation', async () => {
    expect(keysOf(/ListRelationFilter$/)).toEqual(['every', 'none', 'some']);
    expect(keysOf(/(Scalar|Nullable)RelationFilter$/)).toEqual(['is', 'isNot']);
    expect(keysOf(/OrderByRelationAggregateInput$/)).toEqual(['_count']);
    const combined = keysOf(/WhereInput$/).filter((key) => /^[A-Z_]/.test(key));
    expect(combined).toEqual(['AND', 'NOT', 'OR']);
    for (const args of [
      { where: { candidates: { most: {} } } },
      { where: { XOR: [] } },
      { orderBy: { candidates: { _sum: 'asc' } } },
      { include: { candidates: { having: {} } } },
      { near: {} },
    ]) {
      expect(await refusal(() => scoped['job']?.['findMany']?.(args))).toBe(true);
    }
  });

  it('every member of the client', async () => {
    const members = Object.keys(scoped).length;
    expect(members).toBe(7);
    const kept = ['$connect', '$disconnect', '$transaction', '$extends'];
    const names = new Set<string>();
    for (let each: object | null = raw; each && each !== Object.prototype; each = Object.getPrototypeOf(each)) {
      for (const key of Reflect.ownKeys(each)) if (typeof key === 'string' && key.startsWith('$')) names.add(key);
    }
    for (const name of names) {
      if (kept.includes(name) || name === '$parent') continue;
      expect([
        name,
        await refusal(() => (scoped[name] as unknown as (sql: string) => unknown)('select title from job')),
      ]).toEqual([name, true]);
      table.push(`${name.padEnd(28)}refused`);
    }
  });

  it('and what a later client adds is refused', async () => {
    const later = Object.create(raw, {
      job: { value: { ...raw.job, findNearest: () => raw.job.findMany() } },
      $sendAnything: { value: () => raw.job.findMany() },
    });
    const client = tenantScoped(later as typeof raw, { context, shared: ['Country'] }) as unknown as typeof scoped;
    expect(await refusal(() => client['job']?.['findNearest']?.({}))).toBe(true);
    expect(await refusal(() => (client['$sendAnything'] as unknown as () => unknown)())).toBe(true);
    const reparent = { where: { id: 'x' }, data: { candidates: { reparent: {} } } };
    expect(await refusal(() => client['job']?.['update']?.(reparent))).toBe(true);
    console.log(table.join('\n'));
  });
});
