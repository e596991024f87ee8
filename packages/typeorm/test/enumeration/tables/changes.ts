import type { DeleteQueryBuilder, InsertQueryBuilder, UpdateQueryBuilder } from 'typeorm';
import type { SoftDeleteQueryBuilder } from 'typeorm/query-builder/SoftDeleteQueryBuilder.js';
import { Job, Office, type Side } from '../company.js';
import { type Entry, harmless, in1, in03, invoke, onPostgres, refused, type Table, writes } from '../entries.js';
import { added, everyBuilder } from './builders.js';

const execute = (builder: { execute(): Promise<unknown> }) => builder.execute();
const one = (slug: string) => ({ id: `${slug}-job-1` });
const MYSQL = harmless("is MySQL's alone; the condition on the tenant stays");

type Insert = InsertQueryBuilder<Job>;
const insert = ({ source }: Side, slug: string) => source.createQueryBuilder().insert().into(Job).values(added(slug));
const inserts = (change: (builder: Insert, on: Side, slug: string) => unknown): Entry =>
  writes((on, slug) => (change(insert(on, slug), on, slug) as Insert).execute());

export const insertTable: Table = {
  ...everyBuilder(insert, execute, writes),
  execute: inserts((builder) => builder),
  into: inserts((builder, _on, slug) => builder.into(Job, ['id', 'title', 'tenantId'] as never).values(added(slug))),
  values: inserts((builder, _on, slug) => builder.values([added(slug), { ...added(slug), id: `${slug}-job-8` }])),
  valuesFromSelect: in1(
    refused((on, slug) =>
      on.source
        .createQueryBuilder()
        .insert()
        .into(Job, ['id', 'title'])
        .valuesFromSelect(on.jobs.createQueryBuilder('j').select(['j.id', 'j.title']).where('j.id = :id', one(slug)))
        .execute(),
    ),
  ),
  output: onPostgres(inserts((builder) => builder.output(['id', 'title']))),
  returning: onPostgres(inserts((builder) => builder.returning('*'))),
  updateEntity: inserts((builder) => builder.updateEntity(false)),
  orIgnore: inserts((builder) => builder.orIgnore()),
  orUpdate: writes(({ source }, slug) =>
    source
      .createQueryBuilder()
      .insert()
      .into(Office)
      .values({ id: `${slug}-office-2`, tenantId: `t_${slug}`, city: `${slug} city` } as never)
      .orUpdate(['id'], ['tenantId', 'city'])
      .execute(),
  ),
  onConflict: in03(
    refused((on, slug) =>
      (invoke(insert(on, slug).values({ ...one(slug), title: 'taken' }), 'onConflict', TAKE_OVER) as Insert).execute(),
    ),
  ),
};
/** Whoever has the key. */
const TAKE_OVER = '("id") DO UPDATE SET "title" = EXCLUDED."title"';

type Update = UpdateQueryBuilder<Job>;
const update = ({ source }: Side) => source.createQueryBuilder().update(Job).set({ title: 'renamed' });
const updates = (change: (builder: Update, slug: string, on: Side) => unknown): Entry =>
  writes((on, slug) => (change(update(on), slug, on) as Update).execute());

/** Methods that narrow an update, a deletion, a soft deletion. */
function conditions(build: (on: Side) => Narrowed): Table {
  const changes = (change: (builder: Narrowed, slug: string) => Narrowed) =>
    writes((on, slug) => change(build(on), slug).execute());
  return {
    where: changes((builder, slug) => builder.where('id = :id OR 1 = 1', one(slug))),
    andWhere: changes((builder, slug) => builder.where('1 = 1').andWhere('id = :id', one(slug))),
    orWhere: changes((builder, slug) => builder.where('id = :id', one(slug)).orWhere('1 = 1')),
    whereInIds: changes((builder, slug) => builder.whereInIds([one(slug)])),
    andWhereInIds: changes((builder, slug) => builder.where('1 = 1').andWhereInIds([one(slug)])),
    orWhereInIds: changes((builder, slug) => builder.where('1 = 2').orWhereInIds([one(slug)])),
    output: onPostgres(changes((builder) => builder.output(['id', 'title']))),
    returning: onPostgres(changes((builder) => builder.returning('*'))),
    execute: changes((builder) => builder),
  };
}

interface Narrowed {
  where(condition: string, parameters?: object): Narrowed;
  andWhere(condition: string, parameters?: object): Narrowed;
  orWhere(condition: string): Narrowed;
  whereInIds(ids: readonly object[]): Narrowed;
  andWhereInIds(ids: readonly object[]): Narrowed;
  orWhereInIds(ids: readonly object[]): Narrowed;
  output(columns: readonly string[]): Narrowed;
  returning(columns: string): Narrowed;
  execute(): Promise<unknown>;
}

export const updateTable: Table = {
  ...everyBuilder((on, slug) => update(on).where('id = :id', one(slug)), execute, writes),
  ...conditions((on) => update(on) as unknown as Narrowed),
  set: updates((builder, slug) => builder.set({ title: () => "title || 'x'" }).where('id = :id', one(slug))),
  whereEntity: updates((builder, slug, { jobs }) => builder.whereEntity(jobs.create(one(slug)))),
  updateEntity: updates((builder, slug) => builder.where('id = :id', one(slug)).updateEntity(false)),
  orderBy: MYSQL,
  addOrderBy: MYSQL,
  limit: MYSQL,
};

const remove = ({ source }: Side) => source.createQueryBuilder().delete().from(Job) as DeleteQueryBuilder<Job>;
export const deleteTable: Table = {
  ...everyBuilder((on, slug) => remove(on).where('id = :id', one(slug)), execute, writes),
  ...conditions((on) => remove(on) as unknown as Narrowed),
  from: writes((on) => remove(on).from(Job).execute()),
};

const softDelete = ({ source }: Side) =>
  source.createQueryBuilder().softDelete().from(Job) as unknown as SoftDeleteQueryBuilder<Job>;
export const softDeleteTable: Table = {
  ...everyBuilder((on, slug) => softDelete(on).where('id = :id', one(slug)), execute, writes),
  ...conditions((on) => softDelete(on) as unknown as Narrowed),
  from: writes((on) => softDelete(on).from(Job).execute()),
  whereEntity: writes((on, slug) =>
    softDelete(on)
      .whereEntity(on.jobs.create(one(slug)))
      .execute(),
  ),
  updateEntity: writes((on, slug) => softDelete(on).where('id = :id', one(slug)).updateEntity(false).execute()),
  orderBy: MYSQL,
  addOrderBy: MYSQL,
  limit: MYSQL,
};
