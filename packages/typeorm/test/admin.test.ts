import { TenantContext } from '@tenancy/core';
import initSqlJs from 'sql.js';
import { DataSource, EntitySchema } from 'typeorm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AdminDataSource, type AdminDataSourceAuditEvent } from '../src/admin.js';

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
  it('forTenant reaches that tenant’s rows and no others, outside contexts and inside another’s', async () => {
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
    await expect(admin.acrossTenants({ reason: ' ' }, () => 1)).rejects.toMatchObject({ code: 'scope_misconfigured' });
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
