import type { Tenant } from '@tenancy/core';
import type { Arbitrary } from 'fast-check';
import type { KnownModels, KnownRows, Random } from '../fuzzed/fuzzed-client.js';
import { freshLike, someRow } from '../fuzzed/values.js';
import type { TypeormColumn, TypeormEntity, TypeormRelation } from './typeorm-entity.js';

export type Data = Readonly<Record<string, unknown>>;
const NOBODY: KnownRows = { own: [], others: [] };

/** The material for a tenant's operations: values that its rows have, that others' have, and that none has. */
export class TypeormValues {
  constructor(
    readonly random: Random,
    readonly entities: ReadonlyMap<string, TypeormEntity>,
    readonly known: KnownModels,
    readonly tenant: Tenant,
    readonly tenants: readonly Tenant[],
  ) {}

  entity(name: string): TypeormEntity {
    return this.entities.get(name) as TypeormEntity;
  }

  rows(name: string): KnownRows {
    return this.known.get(name) ?? NOBODY;
  }

  /** A value that can be compared with `=`, or null where no row tells one. */
  of(entity: TypeormEntity, { property }: TypeormColumn): Arbitrary<unknown> | null {
    const { random } = this;
    if (property === entity.tenantProperty) return this.tenantId();
    const { own, others } = this.rows(entity.name);
    const values = (rows: KnownRows['own']) => rows.map((row) => row[property]).filter(isComparable);
    const [mine, theirs] = [values(own), values(others)];
    if (mine.length + theirs.length === 0) return null;
    return random.oneof(
      ...(mine.length > 0 ? [{ weight: 5, arbitrary: random.constantFrom(...mine) }] : []),
      ...(theirs.length > 0 ? [{ weight: 2, arbitrary: random.constantFrom(...theirs) }] : []),
    );
  }

  /** Mostly its own. */
  tenantId(): Arbitrary<string> {
    return this.random.oneof(
      { weight: 4, arbitrary: this.random.constant(this.tenant.id) },
      { weight: 1, arbitrary: this.random.constantFrom(...this.tenants.map(({ id }) => id)) },
    );
  }

  /** A condition that names one row, which is its own, another's or nobody's. */
  key({ name, primary }: TypeormEntity): Arbitrary<Data> | null {
    const { random } = this;
    const row = someRow(random, this.rows(name));
    if (!row || primary.length === 0) return null;
    return random.tuple(row, random.integer({ min: 0, max: 11 })).chain(([from, dice]) => {
      const exact = Object.fromEntries(primary.map((property) => [property, from[property]]));
      const last = primary[primary.length - 1] as string;
      const fresh = dice === 0 ? freshLike(random, from[last]) : null;
      return fresh ? fresh.map((value) => ({ ...exact, [last]: value })) : random.constant(exact);
    });
  }

  /** A foreign key: by the relation, or by the columns that are properties as well. */
  reference(entity: TypeormEntity, { property, to, key }: TypeormRelation): Arbitrary<Data> | null {
    const row = someRow(this.random, this.rows(to));
    if (!row || key.length === 0 || key.every((each) => each.property === entity.tenantProperty)) return null;
    const columns = key.filter((each) => each.property !== null && each.property !== entity.tenantProperty);
    return row.map((target) =>
      columns.length > 0
        ? Object.fromEntries(columns.map((each) => [each.property as string, target[each.references]]))
        : { [property]: Object.fromEntries(key.map(({ references }) => [references, target[references]])) },
    );
  }

  /** A new row after the example of one that is there, under fresh keys. Null where the tenant has none. */
  row(entity: TypeormEntity): Arbitrary<Data> | null {
    const { random } = this;
    const { own } = this.rows(entity.name);
    if (own.length === 0) return null;
    const unique = new Set(entity.uniques.flat());
    const plain = random.constantFrom(...own).chain((example) =>
      random
        .tuple(
          ...entity.columns
            .filter((column) => column.isGiven && !column.isForeign && column.property !== entity.tenantProperty)
            .filter(({ property }) => example[property] != null)
            .map(({ property, isPrimary, isGenerated }): Arbitrary<Data> => {
              const value = random.constant(example[property]);
              if (!isPrimary && !unique.has(property)) return value.map((each) => ({ [property]: each }));
              const fresh = (freshLike(random, example[property]) ?? value).map((each): Data => ({ [property]: each }));
              return isGenerated ? random.oneof(fresh, random.constant({})) : fresh;
            }),
        )
        .map((all) => Object.assign({}, ...all) as Data),
    );
    const references = entity.relations.map(
      (relation): Arbitrary<Data> => this.reference(entity, relation) ?? random.constant({}),
    );
    return random
      .tuple(plain, random.tuple(...references), this.tenantId(), random.integer({ min: 0, max: 14 }))
      .map(([columns, keys, tenantId, dice]) => ({
        ...columns,
        ...(Object.assign({}, ...keys) as Data),
        ...(dice === 0 && entity.tenantProperty !== null && { [entity.tenantProperty]: tenantId }),
      }));
  }

  /** One change of a row. Null where there is nothing to change. */
  change(entity: TypeormEntity): Arbitrary<Data> | null {
    const { random } = this;
    const keys = new Set([...entity.primary, ...entity.uniques.flat()]);
    const changes: { readonly weight: number; readonly arbitrary: Arbitrary<Data> }[] = [];
    for (const column of entity.columns) {
      const { property, isGiven, isForeign, isPrimary } = column;
      const isTenant = property === entity.tenantProperty;
      if (!isGiven || isPrimary || (isForeign && !isTenant)) continue;
      const value = this.of(entity, column);
      const weight = isTenant || keys.has(property) ? 1 : 4;
      if (value) changes.push({ weight, arbitrary: value.map((each): Data => ({ [property]: each })) });
    }
    for (const relation of entity.relations) {
      const reference = this.reference(entity, relation);
      if (reference) changes.push({ weight: 3, arbitrary: reference });
    }
    return changes.length > 0 ? random.oneof(...changes) : null;
  }
}

/** Dates are compared with other digits than they are read with. */
export const isComparable = (value: unknown) =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
