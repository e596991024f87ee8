import type { FindManyOptions, FindOptionsWhere, SaveOptions } from 'typeorm';
import { Job, type Side } from '../company.js';
import { type Entry, in03, onPostgres, reads, refused, type Table, writes } from '../entries.js';

const one = (slug: string) => ({ id: `${slug}-job-1` });
const all = ({ typeorm }: Side, slug: string) => ({ id: typeorm.In([1, 2, 3].map((n) => `${slug}-job-${n}`)) });
const relations = { tags: true, office: true };
type Options = FindManyOptions<Job>;

/** Aimed at the tenant's rows: one of them has an office and a tag of the other tenant. */
const find = (options: (on: Side, slug: string) => object): Entry =>
  reads((on, slug) => on.jobs.find({ where: all(on, slug), relations, ...options(on, slug) } as Options));
const everything = (options: object): Entry => reads((on) => on.jobs.find(options as Options));

export const findOneTable: Table = {
  comment: find(() => ({ comment: 'a comment' })),
  select: find(() => ({ select: { id: true, title: true, office: { city: true } } })),
  where: find((on, slug) => ({
    where: [all(on, slug), { office: { city: `${slug} city` } }, { tags: { id: `${slug}-tag-2` } }],
  })),
  relations: find(() => ({ relations: { office: { jobs: true }, tags: true } })),
  relationLoadStrategy: find(() => ({ relationLoadStrategy: 'query' })),
  join: in03(everything({ join: { alias: 'j', leftJoinAndSelect: { office: 'j.office', tags: 'j.tags' } } })),
  order: find(() => ({
    order: { office: { city: 'ASC' }, tags: { id: 'DESC' }, title: { direction: 'DESC', nulls: 'LAST' } },
  })),
  cache: reads(async (on) => {
    const cached = () => on.jobs.find({ relations, cache: { id: 'options', milliseconds: 60_000 } });
    await cached();
    return cached();
  }),
  lock: onPostgres(
    reads(({ source }) =>
      source.transaction((manager) =>
        manager.find(Job, { lock: { mode: 'pessimistic_write', onLocked: 'skip_locked', tables: ['job'] } }),
      ),
    ),
  ),
  withDeleted: find(({ typeorm }, slug) => ({ withDeleted: true, where: { id: typeorm.Like(`${slug}%`) } })),
  loadRelationIds: everything({ loadRelationIds: { relations: ['tags'] } }),
  loadEagerRelations: find(() => ({ loadEagerRelations: false })),
  transaction: find(() => ({ transaction: true })),
};

export const findManyTable: Table = {
  skip: find(() => ({ order: { id: 'ASC' }, skip: 1, take: 5 })),
  take: find(() => ({ order: { id: 'ASC' }, take: 5 })),
};

/** Of a row's own column and through a relation, which the tenant's condition joins. */
const ordered = (value: unknown): Entry => find(() => ({ order: { salary: value, office: { city: value } } }));
const NULLS: Table = Object.fromEntries(
  ['first', 'last', 'FIRST', 'LAST'].map((nulls) => [nulls, ordered({ direction: 'DESC', nulls })]),
);
export const orderTable: Table = {
  ...Object.fromEntries(
    ['ASC', 'DESC', 'asc', 'desc', '1', '-1'].map((value) => [value, ordered(Number(value) || value)]),
  ),
  ...NULLS,
  direction: ordered({ direction: 'asc' }),
  nulls: ordered({ nulls: 'first' }),
};

export const treeTable: Table = {
  relations: reads(({ units }) => units.findTrees({ relations: ['parent'] })),
  depth: reads(({ units }) => units.findTrees({ depth: 1 })),
};

const saved = (slug: string) => [
  { ...one(slug), title: 'saved', tenantId: `t_${slug}` },
  { id: `${slug}-job-8`, title: 'saved', tenantId: `t_${slug}` },
];
const save = (options: SaveOptions): Entry => writes((on, slug) => on.jobs.save(on.jobs.create(saved(slug)), options));
const remove = (options: SaveOptions): Entry =>
  writes((on, slug) => on.jobs.remove(on.jobs.create([one(slug), { id: `${slug}-job-2` }]), options));

export const removeTable: Table = {
  data: remove({ data: { asked: 'by a test' } }),
  listeners: remove({ listeners: false }),
  transaction: remove({ transaction: false }),
  chunk: remove({ chunk: 1 }),
};
export const saveTable: Table = {
  data: save({ data: { asked: 'by a test' } }),
  listeners: save({ listeners: false }),
  transaction: save({ transaction: false }),
  chunk: save({ chunk: 1 }),
  reload: save({ reload: false }),
};

const upserted = (slug: string) => ({ ...one(slug), tenantId: `t_${slug}`, title: 'upserted' });
const upsert = (options: object): Entry =>
  writes((on, slug) => on.jobs.upsert(upserted(slug), { conflictPaths: { id: true }, ...options } as never));
const orUpdate = (options: object, shows = writes): Entry =>
  shows((on, slug) =>
    on.source
      .createQueryBuilder()
      .insert()
      .into(Job)
      .values(upserted(slug))
      .orUpdate(['title'], ['id'], options as never)
      .execute(),
  );
export const upsertTable: Table = {
  conflictPaths: upsert({ conflictPaths: ['id'] }),
  skipUpdateIfNoValuesChanged: onPostgres(upsert({ skipUpdateIfNoValuesChanged: true })),
  upsertType: upsert({ upsertType: 'on-conflict-do-update' }),
  returning: onPostgres(upsert({ returning: ['id', 'title'] })),
};
export const insertOrUpdateTable: Table = {
  skipUpdateIfNoValuesChanged: onPostgres(orUpdate({ skipUpdateIfNoValuesChanged: true })),
  // It is not known which rows it is about.
  indexPredicate: orUpdate({ indexPredicate: '"salary" >= 0' }, refused),
  upsertType: orUpdate({ upsertType: 'on-conflict-do-update' }),
  overwriteCondition: onPostgres(orUpdate({ overwriteCondition: { where: '1 = 1 OR 1 = 1' } })),
};

const where = (condition: (of: Side['typeorm'], slug: string) => object): Entry =>
  reads((on, slug) => on.jobs.find({ where: condition(on.typeorm, slug) as FindOptionsWhere<Job>, relations }));
/** A condition on the job itself and on what it refers to, which the other tenant's rows fulfil as well. */
const title = (operator: (of: Side['typeorm']) => unknown): Entry =>
  where((of) => [{ title: operator(of) }, { office: { city: operator(of) } }] as object);
/** Of the columns that PostgreSQL alone has. */
const special = (condition: (of: Side['typeorm']) => object): Entry => onPostgres(where(condition));

export const operatorTable: Table = {
  And: title(({ And, MoreThan, LessThan }) => And(MoreThan('a'), LessThan('z'))),
  Any: onPostgres(where(({ Any }, slug) => ({ id: Any([`${slug}-job-1`, `${slug}-job-3`]) }))),
  ArrayContainedBy: special(({ ArrayContainedBy }) => ({ words: ArrayContainedBy(['a', 'b']) })),
  ArrayContains: special(({ ArrayContains }) => ({ words: ArrayContains(['a']) })),
  ArrayOverlap: special(({ ArrayOverlap }) => ({ words: ArrayOverlap(['a']) })),
  Between: title(({ Between }) => Between('a', 'z')),
  Equal: where(({ Equal }, slug) => ({ id: Equal(`${slug}-job-1`) })),
  ILike: title(({ ILike }) => ILike('%')),
  In: where(({ In }, slug) => ({ id: In([`${slug}-job-1`, `${slug}-job-3`]) })),
  IsNull: where(({ IsNull }) => ({ deletedAt: IsNull() })),
  JsonContains: special(({ JsonContains }) => ({ extra: JsonContains({ a: 1 }) })),
  LessThan: title(({ LessThan }) => LessThan('z')),
  LessThanOrEqual: title(({ LessThanOrEqual }) => LessThanOrEqual('z')),
  Like: title(({ Like }) => Like('%')),
  MoreThan: title(({ MoreThan }) => MoreThan('a')),
  MoreThanOrEqual: title(({ MoreThanOrEqual }) => MoreThanOrEqual('a')),
  Not: title(({ Not, Equal }) => Not(Equal('nobody'))),
  Or: title(({ Or, Equal, Not }) => Or(Equal('nobody'), Not(Equal('nobody')))),
  Raw: title(({ Raw }) => Raw((alias) => `${alias} = :none OR 1 = 1`, { none: 'x' })),
};
