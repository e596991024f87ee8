import { Readable } from 'node:stream';
import { Logger } from '@nestjs/common';
import { TenantContext } from '@tenancy/core';
import { defer, lastValueFrom, type Observable } from 'rxjs';
import initSqlJs from 'sql.js';
import { DataSource, EntitySchema } from 'typeorm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AdminDataSource, type AdminDataSourceAuditEvent } from '../src/admin.js';
import { tenantScoped } from '../src/index.js';

const [acme, globex] = [
  { id: 't_acme', slug: 'acme' },
  { id: 't_globex', slug: 'globex' },
] as const;
const id = { type: String, primary: true } as const;
class Job {
  declare id: string;
  declare tenantId: string;
}
const entities = [new EntitySchema<Job>({ name: 'Job', target: Job, columns: { id, tenantId: { type: String } } })];
const context = new TenantContext();

let source: DataSource;
let admin: AdminDataSource<DataSource>;
let events: AdminDataSourceAuditEvent[];
const open = async () =>
  new DataSource({ type: 'sqljs', driver: await initSqlJs(), entities, synchronize: true } as never).initialize();
beforeEach(async () => {
  events = [];
  source = await open();
  await source
    .getRepository(Job)
    .insert([acme, globex].map(({ id: tenantId, slug }) => ({ id: `${slug}-1`, tenantId })));
  admin = new AdminDataSource(source, { audit: (event) => void events.push(event) });
});
afterEach(() => source.destroy());

describe('AdminDataSource', () => {
  it("forTenant reaches that tenant's rows and no others, outside contexts and inside another's", async () => {
    await context.run(acme, () => admin.forTenant(globex.id, (raw) => raw.getRepository(Job).save({ id: 'made' })));
    const found = await Promise.all(
      [acme, globex, acme, globex].map((tenant) =>
        admin.forTenant(tenant.id, (raw) => raw.getRepository(Job).find({ order: { id: 'ASC' } })),
      ),
    );
    const ids = found.map((rows) => rows.map((row) => row.id));
    expect(ids).toEqual([['acme-1'], ['globex-1', 'made'], ['acme-1'], ['globex-1', 'made']]);
    expect(events[0]).toMatchObject({ action: 'for_tenant', tenantId: globex.id, fromTenantId: acme.id });
    expect(events).toHaveLength(5);
  });

  it('acrossTenants hands over the unscoped data source, with a reason', async () => {
    expect(await admin.acrossTenants({ reason: 'invoices' }, (raw) => raw.query('SELECT * FROM "job"'))).toHaveLength(
      2,
    );
    expect(await admin.acrossTenants({ reason: 'invoices' }, (raw) => raw.getRepository(Job).count())).toBe(2);
    expect(events).toMatchObject([
      { action: 'across_tenants', tenantId: null, reason: 'invoices' },
      { reason: 'invoices' },
    ]);
    await expect(admin.acrossTenants({ reason: ' ' }, () => 1)).rejects.toMatchObject({
      code: 'tenancy_misconfigured',
    });
    for (const call of [
      admin.acrossTenants({ reason: 'x' }, undefined as never),
      admin.forTenant(acme.id, undefined as never),
    ])
      await expect(call).rejects.toThrow(/^tenancy_misconfigured: AdminDataSource\./);
    expect(events).toHaveLength(2);
  });

  it('reaches nothing outside of both, nor without a record', async () => {
    await expect(source.getRepository(Job).find()).rejects.toMatchObject({ code: 'scope_refused' });
    await expect(context.run(acme, () => source.getRepository(Job).find())).rejects.toMatchObject({
      code: 'scope_refused',
    });
    const other = await open();
    const failing = new AdminDataSource(other, { audit: () => Promise.reject(new Error('sink')) });
    await expect(failing.forTenant(acme.id, (raw) => raw.getRepository(Job).find())).rejects.toThrow('sink');
    await expect(failing.acrossTenants({ reason: 'x' }, (raw) => raw.getRepository(Job).find())).rejects.toThrow(
      'sink',
    );
    await other.destroy();
  });

  it('typeorm-13: without a sink of its own, each use is a line of its log and no warning', async () => {
    const lines: string[] = [];
    const note = (level: string) => (text: unknown, of?: unknown) => void lines.push(`${level} ${of} ${text}`);
    Logger.overrideLogger({ log: note('log'), warn: note('warn'), error: note('error') });
    const other = await open();
    try {
      await new AdminDataSource(other).acrossTenants({ reason: 'look-up' }, (raw) => raw.getRepository(Job).count());
    } finally {
      Logger.overrideLogger(['error']);
      await other.destroy();
    }
    expect(lines).toEqual([expect.stringMatching(/^log AdminDataSource audit .*"reason":"look-up"/)]);
  });

  it('typeorm-14: a registry over it answers outside of tenants, where the scoped data source refuses shared entities too', async () => {
    const Company = new EntitySchema<{ id: string }>({ name: 'Company', columns: { id } });
    const make = async () =>
      new DataSource({ type: 'sqljs', driver: await initSqlJs(), entities: [Company], synchronize: true } as never);
    const scoped = await tenantScoped(await make(), { context, shared: [Company] }).initialize();
    await expect(scoped.getRepository(Company).find()).rejects.toMatchObject({ code: 'tenant_context_missing' });
    const own = await (await make()).initialize();
    const registry = new AdminDataSource(own, { shared: [Company], audit: () => {} });
    await registry.acrossTenants({ reason: 'sign-up' }, (raw) => raw.getRepository(Company).insert({ id: acme.id }));
    const find = () =>
      registry.acrossTenants({ reason: 'registry' }, (raw) => raw.getRepository(Company).findOneBy({ id: acme.id }));
    expect([await find(), await context.run(globex, find)]).toEqual([{ id: acme.id }, { id: acme.id }]);
    await scoped.destroy();
    await own.destroy();
  });

  it('refuses what is no tenant id, and what is not initialised', async () => {
    for (const wrong of ['', undefined, 1]) {
      await expect(admin.forTenant(wrong as never, () => 1)).rejects.toMatchObject({ code: 'scope_misconfigured' });
    }
    const options = { type: 'sqljs', driver: await initSqlJs(), entities } as never;
    expect(() => new AdminDataSource(new DataSource(options))).toThrow(
      expect.objectContaining({ code: 'scope_misconfigured' }),
    );
  });
});

describe('AdminDataSource holds what is read later, as `TenantContext.run` does', () => {
  const ids = (raw: DataSource) =>
    raw
      .getRepository(Job)
      .find({ order: { id: 'ASC' } })
      .then((rows) => rows.map((row) => row.id));
  /** Begins when it is awaited, as a Prisma query does. */
  const lazily = <T>(start: () => Promise<T>): PromiseLike<T> => ({
    // biome-ignore lint/suspicious/noThenProperty: being a lazy thenable is the point.
    then: (resolve, reject) => Promise.resolve().then(start).then(resolve, reject),
  });
  const kinds: Readonly<Record<string, [(raw: DataSource) => unknown, (made: never) => Promise<unknown>]>> = {
    'a thenable in an array': [(raw) => [lazily(() => ids(raw))], async ([made]: [PromiseLike<unknown>]) => made],
    'a function': [(raw) => () => ids(raw), (made: () => Promise<unknown>) => made()],
    'an Observable': [(raw) => defer(() => ids(raw)), (made: Observable<unknown>) => lastValueFrom(made)],
    'an async iterable': [
      async function* (raw) {
        yield await ids(raw);
        yield await ids(raw);
      },
      async (made: AsyncIterable<unknown>) => {
        let last: unknown;
        for await (const each of made) last = each;
        return last;
      },
    ],
    'a stream': [
      (raw) =>
        Readable.from(
          (async function* () {
            yield await ids(raw);
          })(),
        ),
      async (made: Readable) => {
        for await (const each of made) return each;
        return undefined;
      },
    ],
  };
  it.each(Object.entries(kinds))('%s', async (_name, [make, read]) => {
    const made = await Promise.all([
      context.run(acme, () => admin.forTenant(globex.id, make)),
      admin.forTenant(acme.id, make),
      admin.acrossTenants({ reason: 'invoices' }, make),
    ]);
    const seen = [];
    for (const each of made) seen.push(await context.run(acme, () => read(each as never)));
    expect(seen).toEqual([['globex-1'], ['acme-1'], ['acme-1', 'globex-1']]);
    await expect(ids(source)).rejects.toMatchObject({ code: 'scope_refused' });
  });

  it("the innermost holds, and the application's own tenant stays what it was", async () => {
    const nested = await admin.acrossTenants({ reason: 'invoices' }, async (raw) => [
      await admin.forTenant(globex.id, ids),
      await ids(raw),
      await context.run(acme, () => admin.forTenant(globex.id, async () => [context.tenantId, ...(await ids(raw))])),
    ]);
    expect(nested).toEqual([['globex-1'], ['acme-1', 'globex-1'], ['t_acme', 'globex-1']]);
    const within = await admin.forTenant(globex.id, async (raw) => [
      await context.run(acme, () => ids(raw)),
      await context.run(acme, () => context.bind(() => ids(raw)))(),
      await admin.acrossTenants({ reason: 'invoices' }, ids),
    ]);
    expect(within).toEqual([['globex-1'], ['globex-1'], ['acme-1', 'globex-1']]);
  });
});
