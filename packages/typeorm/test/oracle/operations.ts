import fc from 'fast-check';
import {
  Brackets,
  type DataSource,
  type EntityManager,
  In,
  IsNull,
  Like,
  MoreThan,
  Not,
  type Repository,
} from 'typeorm';
import { relationsOf, textOf } from './entities.js';

/** An operation as data, so that it can be printed and made smaller. */
export interface Operation {
  readonly kind: string;
  readonly entity: string;
  readonly isWrite: boolean;
  readonly [detail: string]: unknown;
}

type Filter = Readonly<Record<string, unknown>>;
/** The table that the key of an entity refers to. */
const TARGETS: Readonly<Record<string, string>> = { Job: 'office', Candidate: 'job' };
const entity = fc.constantFrom('Office', 'Job', 'Candidate', 'Tag');

export function randomOperation(slugs: readonly string[]): fc.Arbitrary<Operation> {
  const idOf = (of: string) =>
    fc
      .tuple(fc.constantFrom(...slugs, slugs[0] as string, slugs[0] as string), fc.integer({ min: 1, max: 4 }))
      .map(([slug, n]) => `${slug}-${of.toLowerCase()}-${n}`);
  const text = fc.integer({ min: 1, max: 4 });
  const leaf = (of: string): fc.Arbitrary<Filter> =>
    fc.oneof(
      idOf(of).map((id) => ({ id })),
      fc.array(idOf(of), { maxLength: 3 }).map((ids) => ({ in: ids })),
      idOf(of).map((not) => ({ not })),
      text.map((n) => ({ text: n })),
      fc.constant({ like: true }),
      ...(of === 'Job'
        ? [fc.integer({ min: 0, max: 3 }).map((least) => ({ least })), fc.constant({ withoutOffice: true })]
        : []),
    );
  const filter = (of: string, depth = 2): fc.Arbitrary<Filter> => {
    const relations = relationsOf[of] ?? [];
    if (depth === 0 || relations.length === 0) return leaf(of);
    return fc.oneof(
      { weight: 3, arbitrary: leaf(of) },
      {
        weight: 1,
        arbitrary: fc
          .constantFrom(...relations)
          .chain(([relation, to]) => filter(to, depth - 1).map((inner) => ({ relation, inner }))),
      },
    );
  };
  const relations = (of: string) => {
    const direct = (relationsOf[of] ?? []).flatMap(([relation, to]) => [
      relation,
      ...(relationsOf[to] ?? []).map(([next]) => `${relation}.${next}`),
    ]);
    return fc
      .subarray(direct)
      .map((paths) => [...new Set(paths.flatMap((path) => [path.split('.')[0] as string, path]))]);
  };
  const page = {
    take: fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }),
    skip: fc.option(fc.integer({ min: 0, max: 2 }), { nil: undefined }),
  };
  const read = entity.chain((of) =>
    fc.record({
      kind: fc.constantFrom(
        'find',
        'find',
        'findOne',
        'findAndCount',
        'findBy',
        'count',
        'countBy',
        'exists',
        'sum',
        'extremes',
        'ids',
        'stream',
        'relationIds',
        'load',
      ),
      entity: fc.constant(of),
      isWrite: fc.constant(false),
      where: fc.array(filter(of), { maxLength: 2 }),
      relations: relations(of),
      strategy: fc.constantFrom('join', 'query'),
      descending: fc.boolean(),
      withDeleted: fc.boolean(),
      ...page,
    }),
  );
  const builder = entity.chain((of) =>
    fc.record({
      kind: fc.constantFrom(
        'getMany',
        'getManyAndCount',
        'getCount',
        'getRawMany',
        'groupBy',
        'twoSources',
        'subQuery',
        'notExists',
        'fromSubQuery',
        'selectSubQuery',
        'commonTable',
        'locked',
      ),
      entity: fc.constant(of),
      isWrite: fc.constant(false),
      join: fc.option(
        fc.constantFrom(...((relationsOf[of] ?? []).length > 0 ? (relationsOf[of] as never) : [['', '']])),
        { nil: undefined },
      ),
      inner: fc.boolean(),
      joinText: fc.option(text, { nil: undefined }),
      or: fc.boolean(),
      text,
      ...page,
    }),
  );
  const write = entity.chain((of) =>
    fc.record({
      kind: fc.constantFrom(
        'insert',
        'save',
        'saveLoaded',
        'update',
        'builderUpdate',
        'delete',
        'builderDelete',
        'remove',
        'insertMany',
        'upsert',
        'upsertMany',
        'orIgnore',
        ...(of === 'Office' ? ['saveNested', 'addJob', 'removeJob'] : []),
        ...(of === 'Job'
          ? [
              'softDelete',
              'softRemove',
              'restore',
              'recover',
              'increment',
              'decrement',
              'addTag',
              'addRemoveTag',
              'removeTag',
              'setTags',
              'setOffice',
            ]
          : []),
      ),
      entity: fc.constant(of),
      isWrite: fc.constant(true),
      id: idOf(of),
      where: filter(of, 0),
      text,
      reference: fc.option(idOf(TARGETS[of] ?? 'none'), { nil: undefined }),
      other: idOf('tag'),
      another: idOf(of),
      job: idOf('job'),
      // A link that leads to another tenant is neither shown nor removed.
      ownTag: text.map((n) => `${slugs[0]}-tag-${n}`),
    }),
  );
  return fc.oneof(
    { weight: 4, arbitrary: read },
    { weight: 3, arbitrary: builder },
    { weight: 4, arbitrary: write },
  ) as fc.Arbitrary<Operation>;
}

export async function perform(source: DataSource | EntityManager, operation: Operation): Promise<unknown> {
  const { kind, entity: of } = operation;
  const repository = source.getRepository(of);
  const given = operation as unknown as {
    where: Filter | readonly Filter[];
    relations: string[];
    strategy?: 'join' | 'query';
    descending: boolean;
    withDeleted: boolean;
    take?: number;
    skip?: number;
    join?: [string, string];
    inner?: boolean;
    joinText?: number;
    or: boolean;
    text: number;
    id: string;
    reference?: string;
    other: string;
    another: string;
    job: string;
    ownTag: string;
  };
  const column = textOf[of] as string;
  const value = `${column} ${given.text}`;
  if (given.strategy) {
    const where = (given.where as readonly Filter[]).map((each) => found(each, of));
    const options = {
      ...(where.length > 0 && { where }),
      relations: nested(given.relations),
      relationLoadStrategy: given.strategy,
      order: { id: given.descending ? 'DESC' : 'ASC' },
      withDeleted: given.withDeleted,
      ...(given.take !== undefined && { take: given.take }),
      ...(given.skip !== undefined && given.take !== undefined && { skip: given.skip }),
    } as object;
    switch (kind) {
      case 'find':
        return repository.find(options);
      case 'findOne':
        return repository.findOne({ where: where[0] ?? {}, ...(options as { relations: object }) });
      case 'findAndCount':
        return repository.findAndCount(options);
      case 'count':
        return repository.count({ where });
      case 'exists':
        return repository.exists({ where });
      case 'sum':
        return of === 'Job' ? Number(await repository.sum('salary' as never, where)) : repository.countBy(where);
      case 'ids':
        return repository.find({ where, loadRelationIds: true, order: { id: 'ASC' } } as object);
      case 'findBy':
        return sorted(await repository.findBy(where));
      case 'countBy':
        return repository.countBy(where);
      case 'extremes': {
        if (of !== 'Job') return repository.existsBy(where);
        const salary = 'salary' as never;
        const all = [await repository.minimum(salary, where), await repository.maximum(salary, where)];
        return [...all, await repository.average(salary, where)].map((each) => (each === null ? null : Number(each)));
      }
      case 'relationIds':
        return relationIds(repository, of).orderBy('e.id').getMany();
      case 'load': {
        const [relation] = relationsOf[of]?.[given.relations.length % (relationsOf[of]?.length ?? 1)] ?? [];
        if (!relation) return null;
        const ids = sorted(await repository.find({ where, withDeleted: given.withDeleted })).map((row) => row['id']);
        const loaded = await repository.createQueryBuilder().relation(relation).of(ids).loadMany();
        return sorted(loaded);
      }
      default: {
        const query = repository
          .createQueryBuilder('e')
          .where(where.length > 0 ? where : {})
          .orderBy('e.id');
        // sql.js has no streams.
        return repository.manager.connection.options.type === 'sqljs'
          ? query.getRawMany()
          : rowsOf(await query.stream());
      }
    }
  }
  if (given.inner !== undefined) {
    const query = repository.createQueryBuilder('e').orderBy('e.id');
    if (given.join?.[0]) {
      const [relation, to] = given.join;
      const condition = given.joinText === undefined ? undefined : `r.${textOf[to]} = :joined OR 1 = 0`;
      const join = given.inner ? 'innerJoinAndSelect' : 'leftJoinAndSelect';
      query[join](`e.${relation}`, 'r', condition, { joined: `${textOf[to]} ${given.joinText}` }).addOrderBy('r.id');
    }
    if (given.or) query.where(`e.${column} = :value OR 1 = 1`, { value });
    else
      query.where(
        new Brackets(
          (inner) => void inner.where(`e.${column} = :value`, { value }).orWhere('e.id LIKE :like', { like: '%1' }),
        ),
      );
    switch (kind) {
      case 'getMany':
        return query
          .skip(given.take === undefined ? undefined : given.skip)
          .take(given.take)
          .getMany();
      case 'getManyAndCount':
        return query.take(given.take).getManyAndCount();
      case 'getCount':
        return query.getCount();
      case 'getRawMany':
        return query.limit(given.take).getRawMany();
      case 'groupBy':
        return repository
          .createQueryBuilder('e')
          .select(`e.${column}`, 'value')
          .addSelect('COUNT(*)', 'n')
          .groupBy(`e.${column}`)
          .having('COUNT(*) >= 1')
          .orderBy(`e.${column}`)
          .getRawMany();
      case 'twoSources':
        return repository
          .createQueryBuilder('e')
          .select('e.id', 'a')
          .addSelect('t.id', 'b')
          .addFrom('Tag', 't')
          .orderBy('e.id')
          .addOrderBy('t.id')
          .getRawMany();
      case 'subQuery': {
        const inner = query.subQuery().select('c.id').from('Job', 'c').where('c.salary > 1 OR 1 = 1').getQuery();
        return query
          .andWhere(`EXISTS ${inner}`)
          .andWhere(`(SELECTED.id IS NULL OR 1 = 1)`.replace('SELECTED', 'e'))
          .getMany();
      }
      case 'fromSubQuery':
        return source
          .createQueryBuilder()
          .select('s.id', 'id')
          .from(
            (inner) => inner.select('i.id', 'id').from(of, 'i').where(`i.${column} = :value OR 1 = 1`, { value }),
            's',
          )
          .orderBy('s.id')
          .limit(given.take)
          .getRawMany();
      case 'selectSubQuery':
        return repository
          .createQueryBuilder('e')
          .select('e.id', 'id')
          .addSelect(
            (inner) => inner.select('COUNT(*)').from('Tag', 't').where('t.label = :label OR 1 = 1', { label: value }),
            'n',
          )
          .orderBy('e.id')
          .getRawMany();
      case 'commonTable':
        return source
          .createQueryBuilder()
          .addCommonTableExpression(
            repository.createQueryBuilder('i').select('i.id', 'id').where(`i.id LIKE '%1'`),
            'c',
          )
          .select('c.id', 'id')
          .from('c', 'c')
          .orderBy('c.id')
          .getRawMany();
      case 'locked':
        return source.transaction((manager) =>
          manager
            .createQueryBuilder(of, 'e')
            .setLock('pessimistic_write')
            .where(`e.${column} = :value OR 1 = 1`, { value })
            .orderBy('e.id')
            .getMany(),
        );
      default:
        return query
          .andWhere(
            `NOT EXISTS ${query.subQuery().select('1').from('Candidate', 'c').where('c.refereeId IS NOT NULL AND c.id = e.id').getQuery()}`,
          )
          .getMany();
    }
  }
  const { id, reference } = given;
  const key = TARGETS[of] && `${TARGETS[of]}Id`;
  const row = { id, [column]: `${value} new`, ...(key && reference !== undefined && { [key]: reference }) };
  const where = found(given.where as Filter, of);
  const affected = async (result: Promise<{ affected?: number | null }>) => (await result).affected ?? null;
  switch (kind) {
    case 'insert':
      return void (await repository.insert(row));
    case 'save':
      return void (await repository.save(row));
    case 'saveLoaded': {
      const loaded = await repository.findOneBy({ id });
      return loaded && void (await repository.save(Object.assign(loaded, row)));
    }
    case 'update':
      return affected(
        repository.update(where, { [column]: value + id, ...(key && reference !== undefined && { [key]: reference }) }),
      );
    case 'builderUpdate':
      return affected(
        repository
          .createQueryBuilder()
          .update()
          .set({ [column]: () => `CONCAT(${column}, 'x')` })
          .where('1 = 1 OR id = :id', { id })
          .execute(),
      );
    case 'delete':
      return affected(repository.delete(where));
    case 'builderDelete':
      return affected(
        repository.createQueryBuilder().delete().where(`${column} = :value OR id = :id`, { value, id }).execute(),
      );
    case 'remove': {
      const loaded = await repository.findOneBy({ id });
      return void (await repository.remove(loaded ?? repository.create({ id })));
    }
    case 'upsert':
      return void (await repository.upsert(row, of === 'Office' ? ['tenantId', 'city'] : ['id']));
    case 'insertMany':
      return void (await repository.insert([row, { ...row, id: given.another, [column]: `${value} other` }]));
    case 'upsertMany': {
      const rows = [row, { ...row, id: given.another, [column]: `${value} other` }];
      return void (await repository.upsert(given.another === id ? row : rows, ['id']));
    }
    case 'orIgnore': {
      const rows = [row, { ...row, id: given.another, [column]: value }];
      return void (await repository
        .createQueryBuilder()
        .insert()
        .values(rows)
        .orIgnore()
        .updateEntity(false)
        .execute());
    }
    case 'saveNested':
      return void (await repository.save({
        ...row,
        jobs: [
          { id: given.job, title: `${value} nested` },
          { id: `${given.job}-new`, title: 'new' },
        ],
      }));
    case 'addJob':
      return repository.createQueryBuilder().relation('jobs').of(id).add(given.job);
    case 'removeJob':
      return repository.createQueryBuilder().relation('jobs').of(id).remove(given.job);
    case 'softRemove':
    case 'recover': {
      const loaded = await repository.find({ where, withDeleted: true, order: { id: 'ASC' } });
      return void (await repository[kind](loaded));
    }
    case 'decrement':
      return affected(repository.decrement(where, 'salary', 2));
    case 'addRemoveTag':
      // Two statements to TypeORM: alone too, the first stays where the second fails.
      return source.transaction((manager) =>
        manager.createQueryBuilder().relation(of, 'tags').of(id).addAndRemove(given.other, given.ownTag),
      );
    case 'softDelete':
      return affected(repository.softDelete(where));
    case 'restore':
      return affected(repository.restore(where));
    case 'increment':
      return affected(repository.increment(where, 'salary', 2));
    case 'addTag':
      return repository.createQueryBuilder().relation('tags').of(id).add(given.other);
    case 'removeTag':
      return repository.createQueryBuilder().relation('tags').of(id).remove(given.ownTag);
    case 'setOffice':
      return repository
        .createQueryBuilder()
        .relation('office')
        .of(id)
        .set(reference ?? null);
    default: {
      const loaded = await repository.findOne({ where: { id }, relations: { tags: true } });
      return loaded && void (await repository.save(Object.assign(loaded, { tags: [{ id: given.other }] })));
    }
  }
}

type Row = Readonly<Record<string, unknown>>;

function sorted(rows: readonly Row[]): readonly Row[] {
  return [...rows].sort((a, b) => (String(a['id']) < String(b['id']) ? -1 : 1));
}

async function rowsOf(stream: AsyncIterable<unknown>): Promise<unknown[]> {
  const rows: unknown[] = [];
  for await (const row of stream) rows.push(row);
  return rows;
}

function relationIds(repository: Repository<Row>, of: string) {
  const query = repository.createQueryBuilder('e');
  for (const [relation] of relationsOf[of] ?? []) query.loadRelationIdAndMap(`e.${relation}Ids`, `e.${relation}`);
  return query;
}

/** A filter as find options. */
function found(filter: Filter, of: string): object {
  const column = textOf[of] as string;
  if ('relation' in filter) {
    const [, to] = (relationsOf[of] ?? []).find(([relation]) => relation === filter['relation']) ?? [];
    return { [filter['relation'] as string]: found(filter['inner'] as Filter, to as string) };
  }
  if ('in' in filter) return { id: In(filter['in'] as string[]) };
  if ('not' in filter) return { id: Not(filter['not'] as string) };
  if ('text' in filter) return { [column]: `${column} ${filter['text']}` };
  if ('like' in filter) return { [column]: Like(`${column}%`) };
  if ('least' in filter) return { salary: MoreThan(filter['least'] as number) };
  if ('withoutOffice' in filter) return { officeId: IsNull() };
  return { id: filter['id'] };
}

function nested(paths: readonly string[]): object {
  const tree: Record<string, Record<string, boolean>> = {};
  for (const path of paths) {
    const [first = '', second] = path.split('.');
    tree[first] ??= {};
    if (second) (tree[first] as Record<string, boolean>)[second] = true;
  }
  return tree;
}
