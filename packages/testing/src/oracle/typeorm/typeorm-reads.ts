import type { Arbitrary } from 'fast-check';
import { seldom } from '../fuzzed/values.js';
import type { Call, Chain } from './chain.js';
import type { TypeormEntity } from './typeorm-entity.js';
import type { Data, TypeormValues } from './typeorm-values.js';

/** Random reads, by find options and by query builders. */
export class TypeormReads {
  constructor(readonly values: TypeormValues) {}

  /** Find options take operators that are classes of TypeORM's, so these compare with `=` alone; builders do the rest. */
  where(entity: TypeormEntity, depth: number): Arbitrary<Data> {
    const { random } = this.values;
    const conditions: Arbitrary<Data>[] = [];
    for (const column of entity.columns) {
      const value = this.values.of(entity, column);
      if (value) conditions.push(value.map((each) => ({ [column.property]: each })));
    }
    const related =
      depth === 0
        ? []
        : entity.relations.map(({ property, to }) =>
            this.where(this.values.entity(to), depth - 1).map((inner): Data => ({ [property]: inner })),
          );
    return random.oneof(
      { weight: 1, arbitrary: random.constant({}) },
      ...(conditions.length > 0 ? [{ weight: 3, arbitrary: random.oneof(...conditions) }] : []),
      ...(related.length > 0 ? [{ weight: 2, arbitrary: random.oneof(...related) }] : []),
    );
  }

  /** By the key alone, so that the answer is determined. */
  order(entity: TypeormEntity): Record<string, 'ASC'> {
    return Object.fromEntries(entity.primary.map((property) => [property, 'ASC' as const]));
  }

  relations(entity: TypeormEntity, depth: number): Arbitrary<Data> {
    const { random } = this.values;
    if (depth === 0 || entity.relations.length === 0) return random.constant({});
    return random
      .uniqueArray(random.constantFrom(...entity.relations), { maxLength: 2 })
      .chain((chosen) =>
        random.tuple(
          ...chosen.map(({ property, to }) =>
            this.relations(this.values.entity(to), depth - 1).map(
              (inner): Data => ({
                [property]: Object.keys(inner).length === 0 ? true : inner,
              }),
            ),
          ),
        ),
      )
      .map((all) => Object.assign({}, ...all) as Data);
  }

  found(entity: TypeormEntity): Arbitrary<Chain> {
    const { random } = this.values;
    const options = random
      .record({
        where: random.oneof(this.where(entity, 2), random.array(this.where(entity, 1), { minLength: 1, maxLength: 2 })),
        relations: this.relations(entity, 2),
        relationLoadStrategy: random.constantFrom('join', 'query'),
        withDeleted: random.constantFrom(false, false, true),
        take: random.option(random.integer({ min: 1, max: 3 }), { nil: undefined }),
        skip: seldom(random, random.integer({ min: 1, max: 2 })),
      })
      .map(({ take, skip, withDeleted, ...rest }) => ({
        ...rest,
        order: this.order(entity),
        ...(withDeleted && { withDeleted }),
        ...(take !== undefined && { take }),
        ...(take !== undefined && skip !== undefined && { skip }),
      }));
    const one = options.map(({ take: _, skip: __, ...rest }) => rest);
    const where = this.where(entity, 2).map((each) => ({ where: each }));
    return random.oneof(
      { weight: 4, arbitrary: options.map((each): Chain => [['find', each]]) },
      { weight: 2, arbitrary: options.map((each): Chain => [['findAndCount', each]]) },
      { weight: 2, arbitrary: one.map((each): Chain => [['findOne', each]]) },
      { weight: 2, arbitrary: where.map((each): Chain => [['count', each]]) },
      { weight: 1, arbitrary: where.map((each): Chain => [['exists', each]]) },
    );
  }

  built(entity: TypeormEntity): Arbitrary<Chain> {
    const { random } = this.values;
    const start: Call = ['createQueryBuilder', 'e'];
    const byKey = entity.primary.map((property): Call => ['addOrderBy', `e.${property}`, 'ASC']);
    const condition = this.condition(entity, 'e');
    const conditions = random.array(condition, { maxLength: 2 }).map((all): Call[] =>
      all.map(([how, text, parameters], index) => {
        const own = Object.fromEntries(Object.entries(parameters).map(([name, value]) => [`${name}${index}`, value]));
        const named = text.replace(/:(\.\.\.)?value/g, (found) => `${found}${index}`);
        return [index === 0 ? 'where' : how, named, own];
      }),
    );
    const join = this.#join(entity);
    const page = random.option(random.integer({ min: 1, max: 3 }), { nil: undefined });
    const from = random.tuple(join, conditions).map(([joins, where]): Call[] => [start, ...joins, ...where, ...byKey]);
    const ordered = (joins: readonly Call[]) => joins.some(([name]) => name.endsWith('JoinAndSelect'));
    const paged = random
      .tuple(from, page)
      .map(([calls, take]): Call[] => (take === undefined ? calls : [...calls, ['take', take]]));
    const grouped = random
      .constantFrom(...entity.columns)
      .chain(({ property }) =>
        conditions.map(
          (where): Chain => [
            start,
            ['select', `e.${property}`, 'value'],
            ['addSelect', 'COUNT(*)', 'n'],
            ...where,
            ['groupBy', `e.${property}`],
            ['orderBy', `e.${property}`, 'ASC'],
            ['getRawMany'],
          ],
        ),
      );
    return random.oneof(
      { weight: 4, arbitrary: paged.map((calls): Chain => [...calls, ['getMany']]) },
      { weight: 2, arbitrary: paged.map((calls): Chain => [...calls, ['getManyAndCount']]) },
      { weight: 2, arbitrary: from.map((calls): Chain => [...calls, ['getCount']]) },
      // With a list joined, several raw rows have the same key, in no order.
      {
        weight: 1,
        arbitrary: from.filter((calls) => !ordered(calls)).map((calls): Chain => [...calls, ['getRawMany']]),
      },
      { weight: 1, arbitrary: grouped },
    );
  }

  /** A piece of SQL as one writes it, `OR` and all. */
  condition(entity: TypeormEntity, alias: string): Arbitrary<readonly [how: string, text: string, parameters: Data]> {
    const { random } = this.values;
    const how = random.constantFrom('andWhere', 'andWhere', 'orWhere');
    const pieces = entity.columns.flatMap((column) => {
      const value = this.values.of(entity, column);
      const name = `${alias}.${column.property}`;
      if (!value) return [];
      return [
        value.map((each) => [`${name} = :value`, { value: each }] as const),
        value.map((each) => [`${name} <> :value`, { value: each }] as const),
        random
          .array(value, { minLength: 1, maxLength: 3 })
          .map((all) => [`${name} IN (:...value)`, { value: all }] as const),
        value.map((each) => [`${name} = :value OR 1 = 1`, { value: each }] as const),
        value.map((each) => [`${name} >= :value`, { value: each }] as const),
        ...(column.isNullable ? [random.constant([`${name} IS NULL`, {}] as const)] : []),
      ];
    });
    if (pieces.length === 0) return how.map((each) => [each, '1 = 1', {}] as const);
    return random
      .tuple(how, random.oneof(...pieces))
      .map(([each, [text, parameters]]) => [each, text, parameters] as const);
  }

  #join(entity: TypeormEntity): Arbitrary<Call[]> {
    const { random } = this.values;
    if (entity.relations.length === 0) return random.constant([]);
    const one = random.constantFrom(...entity.relations).chain(({ property, to }) => {
      const target = this.values.entity(to);
      const byKey = target.primary.map((each): Call => ['addOrderBy', `r.${each}`, 'ASC']);
      const how = random.constantFrom('leftJoinAndSelect', 'innerJoinAndSelect', 'leftJoin', 'innerJoin');
      return random
        .tuple(how, random.option(this.condition(target, 'r'), { nil: null }))
        .map(([name, condition]): Call[] => {
          if (!condition) return [[name, `e.${property}`, 'r'], ...(name.endsWith('Select') ? byKey : [])];
          const [, text, parameters] = condition;
          const renamed = Object.fromEntries(Object.entries(parameters).map(([key, value]) => [`${key}OfR`, value]));
          const joined = text.replace(/:(\.\.\.)?value/g, (found) => `${found}OfR`);
          return [[name, `e.${property}`, 'r', joined, renamed], ...(name.endsWith('Select') ? byKey : [])];
        });
    });
    return random.oneof(random.constant<Call[]>([]), one);
  }
}
