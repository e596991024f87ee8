import { expect } from 'vitest';
import { acme, type Company, type Database, globex, type Side, type Version } from './company.js';

/** Makes a call that is aimed at the rows of the tenant of this slug. */
export type Call = (on: Side, slug: string) => unknown;

/** Facts about one method, and how they are shown. */
export interface Entry {
  readonly is: 'scoped' | 'refused' | 'harmless';
  readonly why?: string;
  readonly prove?: (company: Company) => Promise<void>;
  /** Versions in which the method, or what it makes, exists at all. */
  readonly version?: Version;
  readonly database?: Database;
}
export type Table = Readonly<Record<string, Entry>>;

/** Answers with the tenant's own rows, and with none of another tenant, also when they are asked for. */
export const reads = (call: Call): Entry => ({
  is: 'scoped',
  prove: async ({ database, context, scoped, bare }) => {
    const asked = [acme, globex].map(
      (tenant) => () => context.run(tenant, async () => shown(await call(scoped, tenant.slug))),
    );
    // SQLite has one connection, on which transactions cannot be interleaved.
    const [own, twin] =
      database === 'SQLite' ? [await asked[0]?.(), await asked[1]?.()] : await Promise.all(asked.map((each) => each()));
    expect([own?.includes('acme'), own?.includes('globex')], own).toEqual([true, false]);
    expect([twin?.includes('globex'), twin?.includes('acme')], twin).toEqual([true, false]);
    const foreign = await context.run(acme, () => attempt(() => call(scoped, 'globex')));
    expect(shown(foreign)).not.toContain('globex');
    // Without the scope the same call does lead there, or it would prove nothing.
    expect(shown(await call(bare, 'globex'))).toContain('globex');
  },
});

/** Answers with a value that says nothing of another tenant's rows. */
export const answers = (call: Call, own: unknown, foreign: unknown = own): Entry => ({
  is: 'scoped',
  prove: async ({ context, scoped, bare }) => {
    const of = async (on: Side, slug: string) => {
      const value = await call(on, slug);
      return typeof value === 'string' ? Number(value) : value;
    };
    expect(await context.run(acme, () => of(scoped, 'acme'))).toEqual(own);
    expect(await context.run(acme, () => of(scoped, 'globex'))).toEqual(foreign);
    expect(await context.run(globex, () => of(scoped, 'globex'))).toEqual(own);
    expect(await of(bare, 'globex')).not.toEqual(foreign);
  },
});

/** Changes the tenant's own rows, and none of another tenant, also when it is aimed at them. */
export const writes = (call: Call): Entry => ({
  is: 'scoped',
  prove: async ({ context, scoped, bare }) => {
    await Promise.all([scoped.reset(), bare.reset()]);
    const before = await Promise.all([acme, globex].map(scoped.rowsOf));
    await context.run(acme, () => attempt(() => call(scoped, 'globex')));
    expect(await scoped.rowsOf(globex)).toEqual(before[1]);
    await scoped.reset();
    await context.run(acme, async () => call(scoped, 'acme'));
    expect(await scoped.rowsOf(acme)).not.toEqual(before[0]);
    expect(await scoped.rowsOf(globex)).toEqual(before[1]);
    // Without the scope the same call does change them, or it would prove nothing.
    await call(bare, 'globex');
    expect(await bare.rowsOf(globex)).not.toEqual(before[1]);
    await Promise.all([scoped.reset(), bare.reset()]);
  },
});

/** Does not run for a tenant. */
export const refused = (call: Call, code = 'scope_refused'): Entry => ({
  is: 'refused',
  prove: async ({ context, scoped }) => {
    const before = await Promise.all([acme, globex].map(scoped.rowsOf));
    const by = (slug: string) => context.run(acme, async () => call(scoped, slug));
    await expect(by('acme')).rejects.toMatchObject({ code });
    // Naming another tenant may be noticed before.
    await expect(by('globex')).rejects.toMatchObject({ code: expect.stringMatching(`^(?:${code}|tenant_conflict)$`) });
    expect(await Promise.all([acme, globex].map(scoped.rowsOf))).toEqual(before);
  },
});

export const harmless = (why: string): Entry => ({ is: 'harmless', why });

export const in1 = (entry: Entry): Entry => ({ ...entry, version: '1.x' });
export const in03 = (entry: Entry): Entry => ({ ...entry, version: '0.3' });
export const onPostgres = (entry: Entry): Entry => ({ ...entry, database: 'PostgreSQL' });
export const onSqlite = (entry: Entry): Entry => ({ ...entry, database: 'SQLite' });

/** How a call that is aimed at another tenant's rows may fail. */
const FAILURES = ['TenantScopeError', 'EntityNotFoundError', 'QueryFailedError', 'MustBeEntityError'];

async function attempt(call: () => unknown): Promise<unknown> {
  try {
    return await call();
  } catch (error) {
    expect(FAILURES, String((error as Error).stack)).toContain((error as Error).name);
    return null;
  }
}

function shown(value: unknown): string {
  return JSON.stringify(value, (key, of) => (key === 'tenancyTenantId' ? undefined : of)) ?? '';
}

/** Calls what only one of the versions declares. */
export function invoke(target: object, name: string, ...args: readonly unknown[]): unknown {
  const method = (target as Readonly<Record<string, (...given: readonly unknown[]) => unknown>>)[name];
  if (typeof method !== 'function') throw new TypeError(`no ${name}`);
  return Reflect.apply(method, target, args);
}
