import { describe, expect, it } from 'vitest';
import { acme, context, globex, id, settings, tenantId, tenants, text, withEntities } from './database/own-entities.js';

const optional = { ...text, nullable: true } as const;
/** A relation whose key has the tenant in it, as the key that it refers to has. */
const within = (target: string, name: string) => ({
  type: 'many-to-one',
  target,
  joinColumn: [
    { name: 'tenantId', referencedColumnName: 'tenantId' },
    { name, referencedColumnName: 'id' },
  ],
});

const job = {
  name: 'Job',
  columns: { tenantId, id, title: optional, officeId: optional, ownerId: optional, deputyId: optional },
  relations: {
    office: within('Office', 'officeId'),
    owner: within('Person', 'ownerId'),
    deputy: within('Person', 'deputyId'),
  },
};
type Row = Record<string, unknown>;

describe.each(settings)('TypeORM $version on $database, relations that share a column of their keys', (setting) => {
  // MariaDB wants an index in the order of the key, which 1.x has after the primary key.
  const uniques = [{ columns: setting.version === '1.x' ? ['id', 'tenantId'] : ['tenantId', 'id'] }];
  const office = { name: 'Office', columns: { tenantId, id }, uniques };
  const person = { name: 'Person', columns: { tenantId, id }, uniques };
  const withJobs = (work: Parameters<typeof withEntities>[2]) =>
    withEntities(setting, [office, person, job], async (source, outside) => {
      for (const tenant of tenants) {
        const [a, b] = [`${tenant.slug}-a`, `${tenant.slug}-b`];
        await context.run(tenant, async () => {
          await source.getRepository('Office').insert([{ id: a }, { id: b }]);
          await source.getRepository('Person').insert([{ id: a }, { id: b }]);
          await source.getRepository('Job').insert({ id: tenant.slug, officeId: a, ownerId: a, deputyId: a });
        });
      }
      await work(source, outside);
    });
  const rows =
    'select id, "tenantId" as t, title, "officeId" as o, "ownerId" as p, "deputyId" as d from job order by id';
  const own = { id: 'acme', t: acme.id, title: 'x', o: 'acme-b', p: 'acme-b', d: 'acme-b' };
  const other = { id: 'globex', t: globex.id, title: null, o: 'globex-a', p: 'globex-a', d: 'globex-a' };

  it.each([
    ['with', { tenantId: acme.id }],
    ['without', {}],
  ] as const)('all of them change in one save, to rows given %s the tenant', (_, named) =>
    withJobs(async (source, outside) => {
      const jobs = source.getRepository<Row>('Job');
      const b = () => ({ ...named, id: 'acme-b' });
      await context.run(acme, async () => {
        const loaded = await jobs.findOneByOrFail({ id: 'acme' });
        await jobs.save(Object.assign(loaded, { title: 'x', office: b(), owner: b(), deputy: b() }));
      });
      expect(await outside(rows)).toEqual([own, other]);
    }),
  );

  it('two of them change in one update', () =>
    withJobs(async (source, outside) => {
      const b = { tenantId: acme.id, id: 'acme-b' };
      await context.run(acme, () => source.getRepository('Job').update({ id: 'acme' }, { office: b, deputy: b }));
      expect(await outside(rows)).toEqual([{ ...own, title: null, p: 'acme-a' }, other]);
    }));

  it('T15: none of them moves a row to another tenant', () =>
    withJobs(async (source, outside) => {
      const jobs = source.getRepository<Row>('Job');
      // No other key of it is in the way.
      await context.run(acme, () => jobs.insert({ id: 'free' }));
      const before = await outside(rows);
      const a = { tenantId: globex.id, id: 'globex-a' };
      const conflict = { code: 'tenant_conflict' };
      for (const name of ['office', 'owner', 'deputy']) {
        await context.run(acme, async () => {
          await expect(jobs.update({ id: 'free' }, { [name]: a })).rejects.toMatchObject(conflict);
          await expect(jobs.update({ id: 'free' }, { title: 'x', [name]: a })).rejects.toMatchObject(conflict);
          const loaded = await jobs.findOneByOrFail({ id: 'free' });
          await expect(jobs.save({ ...loaded, [name]: a })).rejects.toMatchObject(conflict);
          const builder = jobs.createQueryBuilder().relation(name).of({ id: 'free' });
          await expect(builder.set(a)).rejects.toMatchObject(conflict);
        });
        expect(await outside(rows)).toEqual(before);
      }
    }));

  it('T7: raw SQL is refused as well where it is a part of two keys', () => {
    const place = { name: 'Place', columns: { id, city: text } };
    const vault = { name: 'Vault', columns: { tenantId: { ...tenantId, name: 'company' }, secret: id } };
    const to = (name: string) => ({
      type: 'many-to-one',
      target: 'Place',
      createForeignKeyConstraints: false,
      joinColumn: [
        { name: 'city', referencedColumnName: 'city' },
        { name, referencedColumnName: 'id' },
      ],
    });
    const trip = {
      name: 'Trip',
      columns: { tenantId, id, city: text, startId: text, endId: text },
      relations: { start: to('startId'), end: to('endId') },
    };
    const work: Parameters<typeof withEntities>[2] = async (source, outside) => {
      const trips = source.getRepository('Trip');
      for (const tenant of tenants) {
        const row = { id: tenant.slug, city: tenant.slug, startId: 'x', endId: 'x' };
        await context.run(tenant, () => trips.insert(row));
        await context.run(tenant, () => source.getRepository('Vault').insert({ secret: `${tenant.slug}-secret` }));
      }
      for (const name of ['start', 'end']) {
        const city = () => 'secret FROM vault';
        const update = () => trips.update({ id: 'acme' }, { [name]: { city, id: 'x' } });
        await expect(context.run(acme, update)).rejects.toMatchObject({ code: 'scope_refused' });
      }
      expect(await outside('select city from trip order by id')).toEqual([{ city: 'acme' }, { city: 'globex' }]);
    };
    return withEntities(setting, [place, vault, trip], work, { shared: ['Place'] });
  });
});
