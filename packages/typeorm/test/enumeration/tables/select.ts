import { Readable } from 'node:stream';
import type { SelectQueryBuilder } from 'typeorm';
import { Job, Office, type Side } from '../company.js';
import { answers, type Entry, harmless, in03, invoke, onPostgres, reads, type Table } from '../entries.js';
import { everyBuilder } from './builders.js';

type Select = SelectQueryBuilder<Job>;
const one = (slug: string) => ({ id: `${slug}-job-1` });
const of = ({ jobs }: Side) => jobs.createQueryBuilder('j');
const aimed = (on: Side, slug: string) => of(on).where('j.id = :id', one(slug));
/** A sub-query over the same job. */
const inner = (builder: Select) => builder.subQuery().select('i.id').from(Job, 'i').where('i.id = j.id');

const same = ({ jobs }: Side) => jobs.createQueryBuilder('i').where('i.id = j.id');

const many = (change: (builder: Select, slug: string, on: Side) => Select): Entry =>
  reads((on, slug) => change(of(on), slug, on).getMany());
const raw = (change: (builder: Select, slug: string, on: Side) => Pick<Select, 'getRawMany'>): Entry =>
  reads((on, slug) => change(of(on), slug, on).getRawMany());
/** Of rows in a transaction, which locks need. */
const locked = (change: (builder: Select) => Select): Entry =>
  onPostgres(
    reads(({ source }) => source.transaction((manager) => change(manager.createQueryBuilder(Job, 'j')).getMany())),
  );

export const selectTable: Table = {
  ...everyBuilder(
    (on, slug) => aimed(on, slug).select(['j.id', 'j.title']),
    (builder) => builder.getRawMany(),
    reads,
  ),
  addCommonTableExpression: raw((builder, _slug, on) =>
    on.source
      .createQueryBuilder()
      .addCommonTableExpression(builder.select(['j.id', 'j.title']), 'mine')
      .select('mine.j_title', 'title')
      .from('mine', 'mine'),
  ),
  getQuery: many((builder) => builder.where(`j.id IN ${inner(builder).getQuery()}`)),
  subQuery: many((builder) => builder.where(`j.id IN ${inner(builder).getQuery()}`)),
  setFindOptions: many((builder, slug) => builder.setFindOptions({ where: one(slug), relations: { tags: true } })),
  select: many((builder) => builder.select(['j.id', 'j.title'])),
  addSelect: many((builder) => builder.select('j.id').addSelect('j.title')),
  maxExecutionTime: many((builder) => builder.maxExecutionTime(1_000)),
  distinct: many((builder) => builder.distinct()),
  distinctOn: onPostgres(many((builder) => builder.distinctOn(['j.id']).orderBy('j.id'))),
  fromDummy: raw((_builder, _slug, { source }) =>
    source.createQueryBuilder().select('x.title', 'title').fromDummy().addFrom(Job, 'x'),
  ),
  from: raw((_builder, _slug, { source }) => source.createQueryBuilder().select('x.title', 'title').from(Job, 'x')),
  addFrom: raw((builder) => builder.select('o.city', 'city').addFrom(Office, 'o')),
  innerJoin: raw((builder) => builder.select('t.label', 'label').innerJoin('j.tags', 't')),
  leftJoin: raw((builder) => builder.select('t.label', 'label').leftJoin('j.tags', 't', '1 = 1 OR 1 = 1')),
  innerJoinAndSelect: many((builder) => builder.innerJoinAndSelect('j.tags', 't')),
  leftJoinAndSelect: many((builder) => builder.leftJoinAndSelect('j.office', 'o')),
  innerJoinAndMapMany: many((builder) => builder.innerJoinAndMapMany('j.mapped', Office, 'o', '1 = 1')),
  innerJoinAndMapOne: many((builder) => builder.innerJoinAndMapOne('j.mapped', Office, 'o', '1 = 1')),
  leftJoinAndMapMany: many((builder) => builder.leftJoinAndMapMany('j.mapped', 'j.tags', 't')),
  leftJoinAndMapOne: many((builder) => builder.leftJoinAndMapOne('j.mapped', 'j.office', 'o')),
  loadRelationIdAndMap: many((builder) => builder.loadRelationIdAndMap('j.tagIds', 'j.tags')),
  loadRelationCountAndMap: in03(
    answers(
      async (on) => {
        const [job] = await (invoke(of(on), 'loadRelationCountAndMap', 'j.count', 'j.tags') as Select)
          .where('j.salary = 3')
          .orderBy('j.id')
          .getMany();
        return (job as unknown as { readonly count: number }).count;
      },
      0,
      0,
    ),
  ),
  loadAllRelationIds: many((builder) => builder.loadAllRelationIds({ relations: ['tags'] })),
  where: many((builder, slug) => builder.where('j.id = :id OR 1 = 1', one(slug))),
  andWhere: many((builder, slug) => builder.where('1 = 1').andWhere('j.id = :id', one(slug))),
  orWhere: many((builder, slug) => builder.where('j.id = :id', one(slug)).orWhere('1 = 1')),
  whereExists: many((builder, _slug, on) => builder.whereExists(same(on))),
  andWhereExists: many((builder, _slug, on) => builder.where('1 = 1').andWhereExists(same(on))),
  orWhereExists: many((builder, _slug, on) => builder.where('1 = 2').orWhereExists(same(on))),
  whereInIds: many((builder, slug) => builder.whereInIds([one(slug)])),
  andWhereInIds: many((builder, slug) => builder.where('1 = 1').andWhereInIds([one(slug)])),
  orWhereInIds: many((builder, slug) => builder.where('1 = 2').orWhereInIds([one(slug)])),
  groupBy: raw((builder) => builder.select('j.title', 'title').groupBy('j.title')),
  addGroupBy: raw((builder) => builder.select('j.title', 'title').groupBy('j.id').addGroupBy('j.title')),
  having: raw((builder) => builder.select('j.title', 'title').groupBy('j.title').having('1 = 1 OR 1 = 1')),
  andHaving: raw((builder) => builder.select('j.title', 'title').groupBy('j.title').having('1 = 1').andHaving('1 = 1')),
  orHaving: raw((builder) => builder.select('j.title', 'title').groupBy('j.title').having('1 = 2').orHaving('1 = 1')),
  timeTravelQuery: many((builder) => builder.timeTravelQuery("'-1s'")),
  orderBy: many((builder) => builder.orderBy('j.title')),
  addOrderBy: many((builder) => builder.orderBy('j.title').addOrderBy('j.id', 'DESC')),
  limit: many((builder) => builder.limit(6)),
  offset: many((builder) => builder.limit(6).offset(1)),
  take: many((builder) => builder.leftJoinAndSelect('j.tags', 't').orderBy('j.id').take(6)),
  skip: many((builder) => builder.leftJoinAndSelect('j.tags', 't').orderBy('j.id').take(6).skip(1)),
  useIndex: many((builder) => builder.useIndex('by_title')),
  setLock: locked((builder) => builder.setLock('pessimistic_write')),
  setOnLocked: locked((builder) => builder.setLock('pessimistic_write').setOnLocked('skip_locked')),
  withDeleted: many((builder) => builder.withDeleted()),
  getRawOne: reads((on, slug) => aimed(on, slug).select('j.title', 'title').getRawOne()),
  getRawMany: raw((builder) => builder.select('j.title', 'title')),
  getRawAndEntities: reads((on) => of(on).select(['j.id', 'j.title']).getRawAndEntities()),
  getOne: reads((on, slug) => aimed(on, slug).getOne()),
  getOneOrFail: reads((on, slug) => aimed(on, slug).getOneOrFail()),
  getMany: many((builder) => builder),
  getCount: answers((on) => of(on).getCount(), 3),
  getExists: answers((on, slug) => aimed(on, slug).getExists(), true, false),
  getManyAndCount: reads((on) => of(on).take(5).getManyAndCount()),
  execute: reads((on, slug) => aimed(on, slug).select('j.title', 'title').execute()),
  stream: onPostgres(reads(async (on) => Readable.from(await of(on).select('j.title', 'title').stream()).toArray())),
  cache: reads(async (on) => {
    const cached = () => of(on).cache('all', 60_000).getMany();
    await cached();
    return cached();
  }),
  setOption: many((builder) => builder.setOption('disable-global-order')),
  concatRelationMetadata: many((builder, _slug, { jobs }) => {
    const relation = jobs.metadata.findRelationWithPropertyPath('tags');
    if (relation) builder.concatRelationMetadata(relation);
    return builder;
  }),
  callListeners: many((builder) => builder.callListeners(false)),
  hasRelation: harmless('looks at what is known of the entity'),
};
