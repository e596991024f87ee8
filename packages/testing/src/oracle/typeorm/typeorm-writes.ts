import type { Arbitrary } from 'fast-check';
import type { Chain } from './chain.js';
import type { TypeormEntity } from './typeorm-entity.js';
import type { TypeormReads } from './typeorm-reads.js';
import type { Data, TypeormValues } from './typeorm-values.js';

/** A write, or one of a row that is loaded before. */
export type Write =
  | { readonly chain: Chain }
  | { readonly loadedBy: Data; readonly changes: Data; readonly method: 'save' | 'remove' | 'softRemove' };

export function typeormWrites(reads: TypeormReads, entity: TypeormEntity): readonly Arbitrary<Write>[] {
  const { values } = reads;
  const { random } = values;
  const [key, row, change] = [values.key(entity), values.row(entity), values.change(entity)];
  // Without a criterion TypeORM refuses, scoped or not.
  const where = reads.where(entity, 0).filter((each) => Object.keys(each).length > 0);
  const canFilter = entity.columns.some((column) => values.of(entity, column) !== null);
  const writes: Arbitrary<Write>[] = [];
  const add = (chain: Arbitrary<Chain>) => writes.push(chain.map((each) => ({ chain: each })));
  if (row) {
    add(row.map((each) => [['insert', each]]));
    add(random.array(row, { minLength: 1, maxLength: 2 }).map((rows) => [['save', rows]]));
    const conflicts = [entity.primary, ...entity.uniques].filter(
      (each) =>
        each.length > 0 && !entity.columns.some(({ property, isGenerated }) => isGenerated && each.includes(property)),
    );
    const target = key
      ? random.oneof(
          row,
          random.tuple(row, key).map(([each, id]) => ({ ...each, ...id })),
        )
      : row;
    if (conflicts.length > 0) {
      add(random.tuple(target, random.constantFrom(...conflicts)).map(([each, by]) => [['upsert', each, [...by]]]));
    }
  }
  if (key && change) {
    // T1: a row is saved by its key, without a look at whose it is.
    add(random.tuple(key, change).map(([id, each]) => [['save', { ...id, ...each }]]));
    add(random.tuple(key, change).map(([id, each]) => [['update', id, each]]));
    writes.push(
      random.tuple(key, change).map(([loadedBy, changes]) => ({ loadedBy, changes, method: 'save' as const })),
    );
  }
  if (canFilter && change) add(random.tuple(where, change).map(([each, by]) => [['update', each, by]]));
  if (key) {
    add(key.map((id) => [['delete', id]]));
    writes.push(key.map((loadedBy) => ({ loadedBy, changes: {}, method: 'remove' as const })));
  }
  if (canFilter) add(where.map((each) => [['delete', each]]));
  if (entity.hasDeleteDate && canFilter) {
    add(random.tuple(random.constantFrom('softDelete', 'restore'), where).map(([how, each]) => [[how, each]]));
    if (key) writes.push(key.map((loadedBy) => ({ loadedBy, changes: {}, method: 'softRemove' as const })));
  }
  writes.push(...built(values, entity).map((chain) => chain.map((each) => ({ chain: each }))));
  return writes;
}

/** Query builders that write: SQL as one writes it, and relations. */
function built(values: TypeormValues, entity: TypeormEntity): Arbitrary<Chain>[] {
  const { random } = values;
  const { own, others } = values.rows(entity.name);
  const [key, change] = [values.key(entity), values.change(entity)];
  const chains: Arbitrary<Chain>[] = [];
  for (const column of entity.columns) {
    const value = values.of(entity, column);
    if (!value) continue;
    const text = `"${column.column}" = :value`;
    const where = random
      .tuple(value, random.constantFrom(text, `${text} OR 1 = 1`))
      .map(([each, sql]) => ['where', sql, { value: each }] as const);
    chains.push(where.map((by): Chain => [['createQueryBuilder'], ['delete'], by, ['execute']]));
    if (change) {
      chains.push(
        random
          .tuple(where, change)
          .map(([by, each]): Chain => [['createQueryBuilder'], ['update'], ['set', each], by, ['execute']]),
      );
    }
    const isNumber = [...own, ...others].some((row) => typeof row[column.property] === 'number');
    if (
      isNumber &&
      column.isGiven &&
      !column.isForeign &&
      !column.isPrimary &&
      column.property !== entity.tenantProperty
    ) {
      chains.push(value.map((each): Chain => [['increment', { [column.property]: each }, column.property, 1]]));
    }
  }
  for (const relation of entity.relations) {
    const other = values.key(values.entity(relation.to));
    if (!key || !other) continue;
    const start = key.map((id): Chain => [['createQueryBuilder'], ['relation', relation.property], ['of', id]]);
    const method = relation.isMany ? random.constantFrom('add', 'remove') : random.constant('set');
    chains.push(random.tuple(start, method, other).map(([calls, name, to]): Chain => [...calls, [name, to]]));
    if (!relation.isMany && relation.isNullable) chains.push(start.map((calls): Chain => [...calls, ['set', null]]));
  }
  return chains.length > 0 ? [random.oneof(...chains)] : [];
}
