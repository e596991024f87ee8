import type { RelationMetadata } from 'typeorm/metadata/RelationMetadata.js';
import { Job, Office, type Side } from '../company.js';
import { harmless, reads, type Table, writes } from '../entries.js';
import { everyBuilder } from './builders.js';

const of = ({ source }: Side, slug: string, n = 1) =>
  source.createQueryBuilder().relation(Job, 'tags').of(`${slug}-job-${n}`);
const office = ({ source }: Side, slug: string) =>
  source.createQueryBuilder().relation(Job, 'office').of(`${slug}-job-1`);
const none = harmless('has no SQL of its own');

export const relationTable: Table = {
  ...everyBuilder(
    (on, slug) => of(on, slug),
    (builder) => builder.loadMany(),
    reads,
  ),
  getQuery: none,
  getSql: none,
  getQueryAndParameters: none,
  execute: none,
  addCommonTableExpression: none,
  of: reads((on, slug) => of(on, slug).loadMany()),
  set: writes((on, slug) => office(on, slug).set(null)),
  add: writes((on, slug) => of(on, slug).add(`${slug}-tag-2`)),
  remove: writes((on, slug) => of(on, slug).remove(`${slug}-tag-1`)),
  addAndRemove: writes((on, slug) => of(on, slug).addAndRemove([`${slug}-tag-2`], [`${slug}-tag-1`])),
  loadOne: reads((on, slug) => office(on, slug).loadOne()),
  loadMany: reads((on, slug) => of(on, slug).loadMany()),
};

function relation({ source }: Side, target: typeof Job | typeof Office, name: string): RelationMetadata {
  const found = source.getMetadata(target).findRelationWithPropertyPath(name);
  if (!found) throw new Error(`no ${name}`);
  return found;
}
const job = ({ jobs }: Side, slug: string, n = 1) => jobs.create({ id: `${slug}-job-${n}` });

export const relationLoaderTable: Table = {
  load: reads((on, slug) => on.source.relationLoader.load(relation(on, Job, 'tags'), job(on, slug))),
  loadManyToManyOwner: reads((on, slug) =>
    on.source.relationLoader.loadManyToManyOwner(relation(on, Job, 'tags'), job(on, slug)),
  ),
  loadManyToManyNotOwner: harmless('is the same from the other side'),
  loadManyToOneOrOneToOneOwner: reads((on, slug) =>
    on.source.relationLoader.loadManyToOneOrOneToOneOwner(relation(on, Job, 'office'), job(on, slug)),
  ),
  loadOneToManyOrOneToOneNotOwner: reads((on, slug) =>
    on.source.relationLoader.loadOneToManyOrOneToOneNotOwner(
      relation(on, Office, 'jobs'),
      on.offices.create({ id: `${slug}-office` }),
    ),
  ),
  enableLazyLoad: reads(async (on, slug) => {
    const lazy = job(on, slug);
    on.source.relationLoader.enableLazyLoad(relation(on, Job, 'tags'), lazy);
    return lazy.tags;
  }),
};

export const relationIdLoaderTable: Table = {
  load: reads(async (on, slug) => {
    const ids = await on.source.relationIdLoader.load(relation(on, Job, 'tags'), job(on, slug));
    return ids.map(({ tagId, ...rest }) => tagId ?? rest);
  }),
  loadManyToManyRelationIdsAndGroup: reads(async (on, slug) => {
    const groups = await on.source.relationIdLoader.loadManyToManyRelationIdsAndGroup(
      relation(on, Job, 'tags'),
      job(on, slug),
    );
    return groups.map(({ related }) => related);
  }),
};
