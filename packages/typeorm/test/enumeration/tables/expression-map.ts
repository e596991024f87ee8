import type { InsertQueryBuilder, SelectQueryBuilder } from 'typeorm';
import { Job, type Side } from '../company.js';
import { type Entry, harmless, in1, in03, onPostgres, reads, type Table, writes } from '../entries.js';
import { insertTable, updateTable } from './changes.js';
import { selectTable } from './select.js';

type Map = SelectQueryBuilder<Job>['expressionMap'];
const of = ({ jobs }: Side) => jobs.createQueryBuilder('j');

/** Set by a method, whose own entry shows it. */
const setBy = (method: string, table: Table = selectTable): Entry => {
  const entry = table[method];
  if (!entry) throw new Error(`no method ${method}`);
  return { ...entry, why: `set by \`${method}\`` };
};
/** Set behind the back of the methods. */
const many = (change: (map: Map, on: Side) => void): Entry =>
  reads((on) => {
    const builder = of(on).leftJoinAndSelect('j.office', 'o');
    change(builder.expressionMap, on);
    return builder.getMany();
  });
const inserts = (change: (map: Map, on: Side, slug: string) => void, shows = writes): Entry =>
  shows((on, slug) => {
    const builder = on.source
      .createQueryBuilder()
      .insert()
      .into(Job)
      .values({ id: `${slug}-job-9`, tenantId: `t_${slug}` } as object);
    change(builder.expressionMap, on, slug);
    return (builder as InsertQueryBuilder<Job>).execute();
  });

export const expressionMapTable: Table = {
  dataSource: in1(harmless('is the data source, which is scoped')),
  connection: in03(harmless('is the data source, which is scoped')),
  relationLoadStrategy: many((map) => Object.assign(map, { relationLoadStrategy: 'query' })),
  queryEntity: many((map) => Object.assign(map, { queryEntity: true })),
  mainAlias: reads((on) => {
    const builder = of(on).select('x.city', 'city');
    const { mainAlias } = on.offices.createQueryBuilder('x').expressionMap;
    Object.assign(builder.expressionMap, { mainAlias, aliases: [mainAlias] });
    return builder.getRawMany();
  }),
  aliases: reads((on) => {
    const builder = of(on).select('x.city', 'city');
    builder.expressionMap.createAlias({
      type: 'from',
      name: 'x',
      metadata: on.offices.metadata,
      tablePath: on.offices.metadata.tablePath,
    });
    return builder.getRawMany();
  }),
  queryType: many((map) => Object.assign(map, { queryType: 'relation' })),
  selects: setBy('addSelect'),
  maxExecutionTime: setBy('maxExecutionTime'),
  selectDistinct: setBy('distinct'),
  selectDistinctOn: setBy('distinctOn'),
  valuesSet: inserts((map, _on, slug) =>
    Object.assign(map, { valuesSet: [{ id: `${slug}-job-8`, tenantId: `t_${slug}` }] }),
  ),
  returning: onPostgres(inserts((map) => Object.assign(map, { returning: '*' }))),
  extraReturningColumns: onPostgres(
    inserts((map, { jobs }) => Object.assign(map, { extraReturningColumns: [...jobs.metadata.columns] })),
  ),
  onConflict: setBy('onConflict', insertTable),
  onIgnore: setBy('orIgnore', insertTable),
  onUpdate: inserts((map, _on, slug) =>
    Object.assign(map, {
      valuesSet: { id: `${slug}-job-1`, tenantId: `t_${slug}`, title: 'taken over' },
      onUpdate: { overwrite: ['title'], conflict: ['id'] },
    }),
  ),
  joinAttributes: many((map) => {
    for (const join of map.joinAttributes) join.condition = '1 = 1 OR 1 = 1';
  }),
  relationIdAttributes: setBy('loadRelationIdAndMap'),
  relationCountAttributes: setBy('loadRelationCountAndMap'),
  wheres: many((map) => map.wheres.push({ type: 'or', condition: '1 = 1 OR 1 = 1' })),
  havings: setBy('having'),
  orderBys: many((map) => Object.assign(map, { orderBys: { 'o.city': { order: 'DESC', nulls: 'NULLS LAST' } } })),
  groupBys: setBy('groupBy'),
  limit: setBy('limit'),
  offset: setBy('offset'),
  skip: setBy('skip'),
  take: setBy('take'),
  useIndex: setBy('useIndex'),
  lockMode: setBy('setLock'),
  lockVersion: many((map) => Object.assign(map, { lockVersion: 1 })),
  lockTables: onPostgres(
    reads(({ source }) =>
      source.transaction((manager) =>
        manager.createQueryBuilder(Job, 'j').setLock('pessimistic_write', undefined, ['j']).getMany(),
      ),
    ),
  ),
  onLocked: setBy('setOnLocked'),
  withDeleted: setBy('withDeleted'),
  parameters: many((map) => {
    map.wheres.push({ type: 'and', condition: 'j.tenantId = :tenancyTenantId OR 1 = 1' });
    Object.assign(map, { parameters: { tenancyTenantId: 't_globex' } });
  }),
  nativeParameters: setBy('setNativeParameters'),
  disableEscaping: setBy('disableEscaping'),
  enableRelationIdValues: many((map) => Object.assign(map, { enableRelationIdValues: true })),
  extraAppendedAndWhereCondition: many((map) =>
    Object.assign(map, { extraAppendedAndWhereCondition: '1 = 1 OR 1 = 1' }),
  ),
  subQuery: onPostgres(many((map) => Object.assign(map, { subQuery: true }))),
  aliasNamePrefixingEnabled: many((map) => Object.assign(map, { aliasNamePrefixingEnabled: true })),
  cache: setBy('cache'),
  cacheDuration: setBy('cache'),
  cacheId: setBy('cache'),
  options: many((map) => Object.assign(map, { options: ['disable-global-order', 'create-pojo'] })),
  relationPropertyPath: many((map) => Object.assign(map, { relationPropertyPath: 'tags' })),
  of: many((map) => Object.assign(map, { of: { id: 'globex-job-1' } })),
  insertColumns: inserts((map) => Object.assign(map, { insertColumns: ['id', 'tenantId', 'title'] })),
  insertFromSelect: setBy('valuesFromSelect', insertTable),
  whereEntities: setBy('whereEntity', updateTable),
  updateEntity: setBy('updateEntity', updateTable),
  callListeners: setBy('callListeners'),
  useTransaction: setBy('useTransaction'),
  timeTravel: setBy('timeTravelQuery'),
  comment: setBy('comment'),
  locallyGenerated: inserts((map) => Object.assign(map, { locallyGenerated: { 0: { title: 'generated' } } })),
  commonTableExpressions: setBy('addCommonTableExpression'),
  allOrderBys: harmless('is read, not set: `orderBys`, or the order of the entity'),
  relationMetadata: harmless('is read, not set: what `relationPropertyPath` names'),
};
