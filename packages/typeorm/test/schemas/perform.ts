import { type DataSource, type EntityManager, In, IsNull, Like, MoreThan, Not, type SelectQueryBuilder } from 'typeorm';
import { type Args, isPlain } from '../../../../test/oracle/arguments.js';
import { modelOf, primaryKey, type RandomSchema } from '../../../../test/oracle/schema.js';
import type { Operation } from './work.js';

type Loaded = Record<string, unknown>;

/** Does one operation. */
export async function perform(
  source: DataSource | EntityManager,
  schema: RandomSchema,
  operation: Operation,
): Promise<unknown> {
  const { kind, model: name } = operation;
  const model = modelOf(schema, name);
  const repository = source.getRepository<Loaded>(name);
  const args = withOperators(operation.args) as Args;
  const where = args['where'] as object;
  // The caller's own objects: what is written to them is seen when they are written again.
  const rows = operation.args['rows'] as Loaded | Loaded[];
  const affected = async (result: Promise<{ affected?: number | null }>) => (await result).affected ?? null;
  switch (kind) {
    case 'find':
      return repository.find(args);
    case 'findOne':
      return repository.findOne({ where: {}, ...args });
    case 'findOneBy':
      return repository.findOneBy(where);
    case 'findAndCount':
      return repository.findAndCount(args);
    case 'countBy':
      return repository.countBy(where);
    case 'existsBy':
      return repository.existsBy(where);
    case 'maximum':
      return repository.maximum(args['column'] as never, where);
    case 'builder':
      return build(repository.createQueryBuilder('e'), args, schema, model.name);
    case 'call':
      return args['place'] === 'select'
        ? repository.createQueryBuilder('e').select(String(args['call']), 'value').limit(1).getRawMany()
        : repository.createQueryBuilder('e').where(`${args['call']} LIKE '%>4<%'`).getCount();
    case 'groupBy':
      return repository
        .createQueryBuilder('e')
        .select(`e.${args['column']}`, 'value')
        .addSelect('COUNT(*)', 'n')
        .groupBy(`e.${args['column']}`)
        .getRawMany();
    case 'loadRelation':
      return args['relation'] === ''
        ? null
        : repository.createQueryBuilder().relation(String(args['relation'])).of(args['of']).loadMany();
    case 'insert':
      return void (await repository.insert(rows as never));
    case 'orIgnore':
      return void (await repository
        .createQueryBuilder()
        .insert()
        .values(rows as never)
        .orIgnore()
        .updateEntity(false)
        .execute());
    case 'save':
      return void (await repository.save(rows as never));
    case 'saveLoaded':
      return saveLoaded(source, operation, args);
    case 'update':
      return affected(repository.update(where as never, args['set'] as never));
    case 'updateBuilder':
      return affected(
        repository
          .createQueryBuilder()
          .update()
          .set(args['set'] as never)
          .where(where as never)
          .execute(),
      );
    case 'delete':
      return affected(repository.delete(where as never));
    case 'remove': {
      const loaded = await repository.findOneBy(where);
      return loaded && void (await repository.remove(loaded));
    }
    case 'upsert':
      return void (await repository.upsert(rows as never, args['paths'] as string[]));
    case 'relate': {
      if (args['relation'] === '') return null;
      const builder = repository.createQueryBuilder().relation(String(args['relation'])).of(args['of']);
      if (args['action'] === 'set') return builder.set(args['value']);
      if (args['action'] === 'add') return builder.add(args['value']);
      if (args['action'] === 'remove') return builder.remove(args['value']);
      // Two statements to TypeORM: alone too, the first stays where the second fails.
      const work = (manager: EntityManager) =>
        manager
          .createQueryBuilder()
          .relation(name, String(args['relation']))
          .of(args['of'])
          .addAndRemove(args['value'], args['removed']);
      return 'transaction' in source ? source.transaction(work) : work(source);
    }
    case 'increment':
      return args['column'] === '' ? null : affected(repository.increment(where as never, String(args['column']), 2));
    default:
      throw new Error(`no operation ${kind} of ${primaryKey(model).name}`);
  }
}

async function saveLoaded(source: DataSource | EntityManager, { model }: Operation, args: Args): Promise<unknown> {
  const repository = source.getRepository<Loaded>(model);
  const loaded = await repository.findOne({ where: args['where'] as object, relations: args['relations'] as object });
  if (!loaded) return null;
  for (const [name, change] of Object.entries((args['changes'] ?? {}) as Args)) {
    const lists = change as { readonly keep: number; readonly add: readonly object[] } | null;
    const kept = ((loaded[name] as Loaded[] | undefined) ?? []) as Loaded[];
    loaded[name] =
      lists && 'keep' in lists && 'add' in lists ? [...inOrder(kept).slice(0, lists.keep), ...lists.add] : change;
  }
  await repository.save(Object.assign(loaded, args['set'] as object));
  return null;
}

/** Sorts loaded rows: they have no order of their own. */
const inOrder = (rows: readonly Loaded[]) => [...rows].sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));

interface Condition {
  readonly column: string;
  readonly value: unknown;
  readonly or: boolean;
}

async function build(
  query: SelectQueryBuilder<Loaded>,
  args: Args,
  schema: RandomSchema,
  name: string,
): Promise<unknown> {
  const { join, on, condition, exists, take, result } = args as {
    readonly join?: { readonly type: 'leftJoin'; readonly relation: string; readonly to: string };
    readonly on?: Condition;
    readonly condition?: Condition;
    readonly exists?: string;
    readonly take?: number;
    readonly result: 'getMany';
  };
  for (const field of primaryKey(modelOf(schema, name)).fields) query.addOrderBy(`e.${field}`);
  if (join) {
    const text = on && `r.${on.column} = :on${on.or ? ' OR 1 = 0' : ''}`;
    query[join.type](`e.${join.relation}`, 'r', text, { on: on?.value });
    if (String(join.type).endsWith('Select'))
      for (const field of primaryKey(modelOf(schema, join.to)).fields) query.addOrderBy(`r.${field}`);
  }
  if (condition)
    query.andWhere(`e.${condition.column} = :value${condition.or ? ' OR 1 = 1' : ''}`, { value: condition.value });
  if (exists) query.andWhere(`EXISTS ${query.subQuery().select('1').from(exists, 'x').getQuery()}`);
  if (take !== undefined) query.take(take);
  return query[result]();
}

/** `{ op, value }` as TypeORM's operators. */
function withOperators(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withOperators);
  if (!isPlain(value)) return value;
  const { op, value: operand } = value as { readonly op?: string; readonly value?: unknown };
  switch (op) {
    case 'In':
      return In(operand as unknown[]);
    case 'Not':
      return Not(operand);
    case 'MoreThan':
      return MoreThan(operand);
    case 'Like':
      return Like(String(operand));
    case 'IsNull':
      return IsNull();
    case 'NotNull':
      return Not(IsNull());
    default:
      return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, withOperators(entry)]));
  }
}
