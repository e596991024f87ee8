import { In } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { acme, type Company, Job, Office, openCompany, type Side, settings } from '../enumeration/company.js';

type Shape = (on: Side) => unknown;

const jobs = ({ jobs: repository }: Side) => repository.createQueryBuilder('job').select(['job.id']);
const id = { id: 'acme-job-1' };
const row = (n: number) => ({ id: `acme-job-${n}`, title: 'added' });

const shapes: Readonly<Record<string, Shape>> = {
  find: ({ jobs }) => jobs.find({ select: { id: true } }),
  'find, one of two conditions': ({ jobs }) => jobs.find({ select: { id: true }, where: [id, { title: 'a' }] }),
  'find, a condition on a relation': ({ jobs }) =>
    jobs.find({ select: { id: true }, where: { salary: 1, office: { city: 'acme city' } } }),
  'find, a required relation: T19': ({ jobs }) =>
    jobs.find({ select: { id: true, office: { id: true } }, relations: { office: true } }),
  'find, many to many': ({ jobs }) =>
    jobs.find({ select: { id: true, tags: { id: true } }, relations: { tags: true } }),
  'find, a page with a join: T5': ({ jobs }) =>
    jobs.find({
      select: { id: true, office: { id: true } },
      where: { office: { city: 'acme city' } },
      relations: { office: true },
      order: { id: 'ASC' },
      take: 2,
      skip: 0,
    }),
  'find, relations by queries': ({ jobs }) =>
    jobs.find({
      select: { id: true, tags: { id: true } },
      where: id,
      relations: { tags: true },
      relationLoadStrategy: 'query',
    }),
  count: ({ jobs }) => jobs.countBy({ title: 'a' }),
  sum: ({ jobs }) => jobs.sum('salary', { id: In(['a', 'b']) }),
  'builder, or': (on) => jobs(on).where('job.salary > :least', { least: 1 }).orWhere('job.title IS NULL').getMany(),
  'builder, after a row': (on) => jobs(on).where('job.id > :id', id).orderBy('job.id').limit(10).getMany(),
  'builder, two sources': (on) => jobs(on).addFrom(Office, 'office').where('office.city = job.title').getRawMany(),
  'builder, a join with a condition': (on) =>
    jobs(on).innerJoin('job.office', 'office', 'office.city = :city', { city: 'acme city' }).getMany(),
  'builder, a sub-query': (on) => {
    const builder = jobs(on);
    const office = builder.subQuery().select('office.id').from(Office, 'office').getQuery();
    return builder.where(`job.office IN ${office}`).getMany();
  },
  'builder, groups': (on) =>
    on.jobs.createQueryBuilder('job').select('job.title', 'title').groupBy('job.title').getRawMany(),
  insert: ({ jobs }) => jobs.insert(row(7)),
  'insert, many': ({ jobs }) => jobs.insert([row(8), row(9)]),
  'insert, with a reference': ({ jobs }) => jobs.insert({ ...row(6), office: { id: 'acme-office' } as Office }),
  update: ({ jobs }) => jobs.update(id, { title: 'renamed' }),
  softDelete: ({ jobs }) => jobs.softDelete(id),
  delete: ({ jobs }) => jobs.delete(id),
  'upsert, by a key with the tenant': ({ offices }) =>
    offices.upsert({ id: 'acme-office', city: 'acme city' }, ['tenantId' as never, 'city']),
  'upsert, by a key without it': ({ offices }) => offices.upsert({ id: 'acme-office', city: 'acme city' }, ['id']),
  'link of many to many': ({ source }) =>
    source.createQueryBuilder().relation(Job, 'tags').of('acme-job-2').add('acme-tag-1'),
  'unlink of many to many': ({ source }) =>
    source.createQueryBuilder().relation(Job, 'tags').of('acme-job-2').remove('acme-tag-1'),
};

describe.each(settings.filter(({ database }) => database === 'PostgreSQL'))('TypeORM $version', (setting) => {
  let company: Company;
  const sent: string[] = [];
  beforeAll(async () => {
    company = await openCompany(setting);
    const logQuery = (sql: string, parameters: readonly unknown[] = []) =>
      void sent.push(`${sql};\n${parameters.length > 0 ? `-- ${JSON.stringify(parameters)}\n` : ''}`);
    const nothing = () => {};
    const logger = {
      logQuery,
      logQueryError: nothing,
      logQuerySlow: nothing,
      logMigration: nothing,
      log: nothing,
      logSchemaBuild: nothing,
    };
    (company.scoped.source as { logger: unknown }).logger = logger;
  });
  afterAll(() => company.stop());

  // `vitest --update` writes it. Read what it changes: it is to be what a person would write.
  it('sends the SQL that a person would write', async () => {
    await company.scoped.reset();
    // The first query of all asks how the tenant columns compare.
    await company.context.run(acme, () => company.scoped.jobs.count());
    let page = '';
    for (const [name, shape] of Object.entries(shapes)) {
      sent.length = 0;
      await company.context.run(acme, async () => shape(company.scoped));
      page += `-- ${name.toUpperCase()}\n${sent.join('')}\n`;
    }
    expect(page).not.toContain('/*');
    await expect(page).toMatchFileSnapshot(`typeorm-${setting.version}.sql`);
  });
});
