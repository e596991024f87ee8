import { TenantContext } from '@tenancy/core';
import { tenantScoped } from '@tenancy/typeorm';
import { DataSource, EntitySchema, type Repository } from 'typeorm';
import { answer } from '../child.js';
import { CALLING, jobOf, officeOf, tenants } from '../scope/rows.js';
import { callersOf, sample } from '../scope/sample.js';

interface Row {
  readonly id: number;
  tenantId?: string;
}

const id = { type: Number, primary: true, generated: 'identity' } as const;
const tenantId = { type: String } as const;
const Office = new EntitySchema<Row>({
  name: 'Office',
  tableName: 'Office',
  columns: { id, tenantId, city: { type: String } } as never,
  relations: { jobs: { type: 'one-to-many', target: 'Job', inverseSide: 'office' } } as never,
});
const Job = new EntitySchema<Row>({
  name: 'Job',
  tableName: 'Job',
  columns: { id, tenantId, title: { type: String }, location: { type: String }, open: { type: Boolean } } as never,
  relations: { office: { type: 'many-to-one', target: 'Office', joinColumn: { name: 'officeId' } } } as never,
});

/** Questions to a client, from the process that measures. */
export type ClientQuestion = { readonly open: string } | { readonly work: Work; readonly milliseconds: number };

/** The condition that the scope would add, or nothing where the scope adds it. */
type ByHand = Partial<Record<'tenantId', string>>;

const job = { title: 'Carpenter', location: 'Zurich', open: true };
const works = {
  find: (jobs: Repository<Row>, _id: number, own: ByHand) => jobs.find({ where: own, take: 20 }),
  findOne: (jobs: Repository<Row>, row: number, own: ByHand) => jobs.findOneBy({ id: row, ...own }),
  relations: (jobs: Repository<Row>, row: number, own: ByHand) =>
    jobs.manager.getRepository(Office).findOne({ where: { id: row, ...own }, relations: { jobs: true } as never }),
  builder: (jobs: Repository<Row>, row: number, { tenantId: tenant }: ByHand) => {
    const builder = jobs.createQueryBuilder('j').where('j.id = :row', { row });
    return (tenant === undefined ? builder : builder.andWhere('j.tenantId = :tenant', { tenant })).getOne();
  },
  insert: async (jobs: Repository<Row>, _id: number, own: ByHand, tenant: string) => {
    const { identifiers } = await jobs.insert({ ...job, ...own } as never);
    return { tenantId: identifiers.length === 1 ? tenant : 'nobody' };
  },
  update: async (jobs: Repository<Row>, row: number, own: ByHand, tenant: string) => {
    const { affected } = await jobs.update({ id: row, ...own }, { title: 'Joiner' } as never);
    return { tenantId: affected === 1 ? tenant : 'nobody' };
  },
};
export type Work = keyof typeof works | 'find@20' | 'find@100';

/** Runs one case: `node client.js scoped|where`. */
const isScoped = process.argv[2] === 'scoped';
const context = new TenantContext();
let jobs: Repository<Row>;
let turn = 0;

answer(async (asked) => {
  const question = asked as ClientQuestion;
  if ('work' in question) {
    return sample(callersOf(question.work), question.milliseconds, () => operation(question.work));
  }
  const source = new DataSource({
    type: 'postgres',
    url: question.open,
    entities: [Office, Job],
    installExtensions: false,
  });
  if (isScoped) tenantScoped(source, { context });
  jobs = (await source.initialize()).getRepository(Job);
  return null;
});

/** @throws when the answer is not its tenant's. */
async function operation(work: Work): Promise<void> {
  turn += 1;
  const name = work.split('@')[0] as keyof typeof works;
  const index = turn % CALLING;
  const tenant = tenants[index] as (typeof tenants)[number];
  const row = Math.floor(turn / CALLING);
  const key = name === 'relations' ? officeOf(index, row) : jobOf(index, row);
  const own = isScoped ? {} : { tenantId: tenant.id };
  const result = await context.run(tenant, () => works[name](jobs, key, own, tenant.id) as Promise<Row | Row[] | null>);
  const rows = Array.isArray(result) ? result : [result];
  if (rows.length !== (name === 'find' ? 20 : 1) || rows.some((each) => each?.tenantId !== tenant.id)) {
    throw new Error(`${tenant.id} asked for ${work} and got ${JSON.stringify(result)}`);
  }
}
