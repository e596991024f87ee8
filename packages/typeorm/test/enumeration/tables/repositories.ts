import { In } from 'typeorm';
import { Job, type Side } from '../company.js';
import { answers, harmless, in1, in03, invoke, reads, refused, type Table, writes } from '../entries.js';

/** Calls a method for jobs: of a repository as it is, of a manager with the entity in front. */
type ForJobs = (on: Side, method: string, ...args: readonly unknown[]) => unknown;

const first = (slug: string) => ({ id: `${slug}-job-1` });
const all = (slug: string) => ({ id: In([1, 2, 3].map((n) => `${slug}-job-${n}`)) });
const renamed = { title: 'renamed' };
const added = (slug: string) => ({ id: `${slug}-job-9`, tenantId: `t_${slug}`, ...renamed });
/** As an application has it that knows the key alone. */
const held = (on: Side, slug: string) => on.jobs.create(first(slug));

/** Methods that repositories and managers have in common. */
function persistence(call: ForJobs): Table {
  return {
    create: harmless('makes an object in memory'),
    merge: harmless('copies between objects in memory'),
    hasId: harmless('looks at an object in memory'),
    getId: harmless('looks at an object in memory'),
    createQueryBuilder: reads((on) =>
      (call(on, 'createQueryBuilder', 'j') as ReturnType<Side['jobs']['createQueryBuilder']>).getMany(),
    ),
    preload: reads((on, slug) => call(on, 'preload', { ...first(slug), salary: 5 })),
    find: reads((on, slug) => call(on, 'find', { where: all(slug), relations: { tags: true, office: true } })),
    findBy: reads((on, slug) => call(on, 'findBy', all(slug))),
    findAndCount: reads((on, slug) => call(on, 'findAndCount', { where: all(slug), take: 2, order: { id: 'ASC' } })),
    findAndCountBy: reads((on, slug) => call(on, 'findAndCountBy', all(slug))),
    findOne: reads((on, slug) => call(on, 'findOne', { where: first(slug), relations: { tags: true } })),
    findOneBy: reads((on, slug) => call(on, 'findOneBy', first(slug))),
    findOneOrFail: reads((on, slug) => call(on, 'findOneOrFail', { where: first(slug) })),
    findOneByOrFail: reads((on, slug) => call(on, 'findOneByOrFail', first(slug))),
    findByIds: in03(reads((on, slug) => call(on, 'findByIds', [`${slug}-job-1`, `${slug}-job-2`]))),
    findOneById: in03(reads((on, slug) => call(on, 'findOneById', `${slug}-job-1`))),
    exists: answers((on, slug) => call(on, 'exists', { where: first(slug) }), true, false),
    existsBy: answers((on, slug) => call(on, 'existsBy', first(slug)), true, false),
    count: answers((on) => call(on, 'count'), 3),
    countBy: answers((on, slug) => call(on, 'countBy', all(slug)), 3, 0),
    sum: answers((on, slug) => call(on, 'sum', 'salary', all(slug)), 6, null),
    average: answers((on, slug) => call(on, 'average', 'salary', all(slug)), 2, null),
    minimum: answers((on, slug) => call(on, 'minimum', 'salary', all(slug)), 1, null),
    maximum: answers((on, slug) => call(on, 'maximum', 'salary', all(slug)), 3, null),
    save: writes((on, slug) => call(on, 'save', { ...added(slug), ...first(slug) })),
    insert: writes((on, slug) => call(on, 'insert', added(slug))),
    upsert: writes((on, slug) => call(on, 'upsert', { ...added(slug), ...first(slug) }, ['id'])),
    update: writes((on, slug) => call(on, 'update', first(slug), renamed)),
    updateAll: writes((on) => call(on, 'updateAll', renamed)),
    delete: writes((on, slug) => call(on, 'delete', all(slug))),
    deleteAll: writes((on) => call(on, 'deleteAll')),
    remove: writes((on, slug) => call(on, 'remove', held(on, slug))),
    softDelete: writes((on, slug) => call(on, 'softDelete', first(slug))),
    softRemove: writes((on, slug) => call(on, 'softRemove', held(on, slug))),
    restore: writes((on, slug) => call(on, 'restore', { id: `${slug}-job-4` })),
    recover: writes((on, slug) => call(on, 'recover', on.jobs.create({ id: `${slug}-job-4` }))),
    increment: writes((on, slug) => call(on, 'increment', first(slug), 'salary', 5)),
    decrement: writes((on, slug) => call(on, 'decrement', first(slug), 'salary', 5)),
    clear: refused((on) => call(on, 'clear')),
  };
}

const SELECT = 'SELECT * FROM "job"';
const template = (on: object) => invoke(on, 'sql', Object.assign([SELECT], { raw: [SELECT] }));

function repository(of: (on: Side) => Side['jobs']): Table {
  return {
    ...persistence((on, method, ...args) => invoke(of(on), method, ...args)),
    metadata: harmless('describes the entity'),
    exist: in03(answers((on, slug) => invoke(of(on), 'exist', { where: first(slug) }), true, false)),
    extend: reads((on, slug) =>
      of(on)
        .extend({
          mine() {
            return (this as unknown as Side['jobs']).findBy(all(slug));
          },
        })
        .mine(),
    ),
    query: refused((on) => of(on).query(SELECT)),
    sql: refused((on) => template(of(on))),
  };
}

export const repositoryTable = repository(({ jobs }) => jobs);

const unit = (slug: string, n: number) => ({ id: `${slug}-unit-${n}` });
export const treeRepositoryTable: Table = {
  ...repository(({ inherited }) => inherited),
  findTrees: reads(({ units }) => units.findTrees()),
  findRoots: reads(({ units }) => units.findRoots()),
  findDescendants: reads(({ units }, slug) => units.findDescendants(units.create(unit(slug, 1)))),
  findDescendantsTree: reads(async ({ units }, slug) => {
    // It hangs what it finds below the object that it was given.
    const { children } = (await units.findDescendantsTree(units.create(unit(slug, 1)))) as { children?: unknown };
    return children;
  }),
  countDescendants: answers(({ units }, slug) => units.countDescendants(units.create(unit(slug, 1))), 2, 0),
  createDescendantsQueryBuilder: reads(({ units }, slug) =>
    units.createDescendantsQueryBuilder('u', 'closure', units.create(unit(slug, 1))).getMany(),
  ),
  findAncestors: reads(({ units }, slug) => units.findAncestors(units.create(unit(slug, 2)))),
  findAncestorsTree: reads(async ({ units }, slug) => {
    const { parent } = await units.findAncestorsTree(units.create(unit(slug, 2)));
    return parent;
  }),
  countAncestors: answers(({ units }, slug) => units.countAncestors(units.create(unit(slug, 2))), 2, 0),
  createAncestorsQueryBuilder: reads(({ units }, slug) =>
    units.createAncestorsQueryBuilder('u', 'closure', units.create(unit(slug, 2))).getMany(),
  ),
};

export const entityManagerTable: Table = {
  ...persistence(({ manager }, method, ...args) => invoke(manager, method, Job, ...args)),
  connection: in1(harmless('is the data source, which is scoped')),
  transaction: writes(({ manager }, slug) => manager.transaction((within) => within.update(Job, first(slug), renamed))),
  query: refused(({ manager }) => manager.query(SELECT)),
  sql: refused(({ manager }) => template(manager)),
  getRepository: reads(({ manager }, slug) => manager.getRepository(Job).findBy(all(slug))),
  getTreeRepository: reads(({ manager, units }) => manager.getTreeRepository(units.target).findRoots()),
  withRepository: reads(({ manager, jobs }, slug) => manager.withRepository(jobs).findBy(all(slug))),
  getMongoRepository: harmless("is MongoDB's alone, and throws elsewhere"),
  getCustomRepository: in03(harmless('makes a repository of a class that a decorator named')),
  release: harmless('gives a connection back'),
};
