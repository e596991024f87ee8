import type { DeleteQueryBuilder, InsertQueryBuilder, RelationQueryBuilder, UpdateQueryBuilder } from 'typeorm';
import { Job, type Side } from '../company.js';
import {
  type Call,
  type Entry,
  harmless,
  in1,
  in03,
  invoke,
  onPostgres,
  onSqlite,
  reads,
  refused,
  type Table,
  writes,
} from '../entries.js';

export interface Executable {
  execute(): Promise<unknown>;
}

/** Methods of every builder. */
export function everyBuilder<Builder extends object>(
  /** Aimed at the rows of the tenant of that slug. */
  build: (on: Side, slug: string) => Builder,
  run: (builder: Builder) => unknown,
  shows: (call: Call) => Entry,
): Table {
  const then = (change: (builder: Builder, on: Side, slug: string) => unknown) =>
    shows((on, slug) => run(change(build(on, slug), on, slug) as Builder));
  const given = (name: string, ...args: readonly unknown[]) => then((builder) => invoke(builder, name, ...args));
  return {
    connection: in1(harmless('is the data source, which is scoped')),
    alias: harmless('is a name in the SQL'),
    escape: harmless('puts a name in quotes'),
    hasRelation: harmless('looks at what is known of the entity'),
    hasParameter: harmless('looks at what was set'),
    getParameters: harmless('gives what was set, and the current tenant'),
    select: reads((on, slug) =>
      (invoke(build(on, slug), 'select', 'title', 'title') as ReturnType<Side['jobs']['createQueryBuilder']>)
        .where('1 = 1')
        .getRawMany(),
    ),
    insert: writes((on, slug) =>
      (invoke(build(on, slug), 'insert') as InsertQueryBuilder<object>).into(Job).values(added(slug)).execute(),
    ),
    update: writes((on, slug) =>
      (invoke(build(on, slug), 'update', Job, { title: 'renamed' }) as UpdateQueryBuilder<object>)
        .where('id = :id', { id: `${slug}-job-1` })
        .execute(),
    ),
    delete: writes((on, slug) =>
      (invoke(build(on, slug), 'delete') as DeleteQueryBuilder<object>)
        .from(Job)
        .where('id = :id', { id: `${slug}-job-1` })
        .execute(),
    ),
    softDelete: writes((on, slug) =>
      (invoke(build(on, slug), 'softDelete') as DeleteQueryBuilder<object>)
        .from(Job)
        .where('id = :id', { id: `${slug}-job-1` })
        .execute(),
    ),
    restore: writes((on, slug) =>
      (invoke(build(on, slug), 'restore') as DeleteQueryBuilder<object>)
        .from(Job)
        .where('id = :id', { id: `${slug}-job-4` })
        .execute(),
    ),
    relation: writes((on, slug) =>
      (invoke(build(on, slug), 'relation', Job, 'tags') as RelationQueryBuilder<Job>)
        .of(`${slug}-job-1`)
        .remove(`${slug}-tag-1`),
    ),
    createQueryBuilder: reads((on) =>
      (invoke(build(on, 'acme'), 'createQueryBuilder') as ReturnType<Side['jobs']['createQueryBuilder']>)
        .select('x.title', 'title')
        .from(Job, 'x')
        .getRawMany(),
    ),
    // The current tenant is a parameter: nobody else's value stays under its name.
    setParameter: then((builder) => invoke(builder, 'setParameter', 'tenancyTenantId', 't_globex')),
    setParameters: then((builder) => invoke(builder, 'setParameters', { tenancyTenantId: 't_globex' })),
    setNativeParameters: in03(given('setNativeParameters', {})),
    printSql: in03(harmless('prints the SQL that is sent')),
    getQuery: refused((on, slug) => on.source.query(invoke(build(on, slug), 'getQuery') as string)),
    getSql: refused((on, slug) => on.source.query(invoke(build(on, slug), 'getSql') as string)),
    getQueryAndParameters: shows((on, slug) =>
      on.source.query(...(invoke(build(on, slug), 'getQueryAndParameters') as [string, unknown[]])),
    ),
    clone: given('clone'),
    comment: given('comment', 'a comment'),
    // Unescaped, PostgreSQL takes names for lower case.
    disableEscaping: onSqlite(given('disableEscaping')),
    callListeners: given('callListeners', false),
    useTransaction: given('useTransaction', true),
    setQueryRunner: shows(async (on, slug) => {
      const runner = on.source.createQueryRunner();
      try {
        return await run(invoke(build(on, slug), 'setQueryRunner', runner) as Builder);
      } finally {
        await runner.release();
      }
    }),
    addCommonTableExpression: onPostgres(
      refused((on, slug) =>
        run(invoke(build(on, slug), 'addCommonTableExpression', 'SELECT * FROM "job"', 'everything') as Builder),
      ),
    ),
  };
}

export const added = (slug: string) => ({ id: `${slug}-job-9`, tenantId: `t_${slug}`, title: 'added' });
