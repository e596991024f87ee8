import type { Tenant } from '@tenancy/core';
import type { Arbitrary } from 'fast-check';
import type { KnownModels, KnownRows, Random } from '../fuzzed/fuzzed-client.js';
import type { FuzzedPrismaField } from '../fuzzed/fuzzed-schema.js';
import { freshLike, someRow } from '../fuzzed/values.js';
import type { PrismaModel, PrismaRelation } from './prisma-model.js';

const NOBODY: KnownRows = { own: [], others: [] };

/** The material for a tenant's arguments: values that its rows have, that others' have, and that none has. */
export class PrismaValues {
  constructor(
    readonly random: Random,
    readonly models: ReadonlyMap<string, PrismaModel>,
    readonly known: KnownModels,
    readonly tenant: Tenant,
    readonly tenants: readonly Tenant[],
  ) {}

  model(name: string): PrismaModel {
    return this.models.get(name) as PrismaModel;
  }

  rows(name: string): KnownRows {
    return this.known.get(name) ?? NOBODY;
  }

  /** A value to compare a field with, or null where no row tells what it may be. */
  of(model: PrismaModel, field: FuzzedPrismaField): Arbitrary<unknown> | null {
    const { random } = this;
    if (field.name === model.tenantField) return this.tenantId();
    const { own, others } = this.rows(model.name);
    const values = (rows: KnownRows['own']) => rows.map((row) => row[field.name]).filter((value) => value != null);
    const [mine, theirs] = [values(own), values(others)];
    const like = mine[0] ?? theirs[0];
    if (like === undefined) return field.type === 'Boolean' ? random.boolean() : null;
    const fresh = isEnum(field) ? null : freshLike(random, like);
    return random.oneof(
      ...(mine.length > 0 ? [{ weight: 6, arbitrary: random.constantFrom(...mine) }] : []),
      ...(theirs.length > 0 ? [{ weight: 2, arbitrary: random.constantFrom(...theirs) }] : []),
      ...(fresh ? [{ weight: 1, arbitrary: fresh }] : []),
    );
  }

  /** Mostly its own. */
  tenantId(): Arbitrary<string> {
    return this.random.oneof(
      { weight: 4, arbitrary: this.random.constant(this.tenant.id) },
      { weight: 1, arbitrary: this.random.constantFrom(...this.tenants.map(({ id }) => id)) },
    );
  }

  /** A `where` that names one row, by one of the keys. Null where no row is known, or the model has no key. */
  unique(model: PrismaModel): Arbitrary<object> | null {
    const { random } = this;
    const row = someRow(random, this.rows(model.name));
    if (!row || model.keys.length === 0) return null;
    const [primary, ...others] = model.keys as [PrismaModel['keys'][number]];
    const key = random.oneof(
      { weight: 3, arbitrary: random.constant(primary) },
      ...(others.length > 0 ? [{ weight: 1, arbitrary: random.constantFrom(...others) }] : []),
    );
    return random.tuple(row, key, random.integer({ min: 0, max: 11 })).chain(([from, { name, fields }, dice]) => {
      const isUsable = fields.every((field) => from[field] != null);
      const [asked, by] = isUsable ? [name, fields] : [primary.name, primary.fields];
      const exact = Object.fromEntries(by.map((field) => [field, from[field]]));
      const last = by[by.length - 1] as string;
      const fresh = dice === 0 ? freshLike(random, from[last]) : null;
      const values = fresh ? fresh.map((value) => ({ ...exact, [last]: value })) : random.constant(exact);
      return values.map((all): object => (by.length === 1 ? all : { [asked]: all }));
    });
  }

  /** The foreign key of a relation, as columns without the tenant. */
  foreignKey(model: PrismaModel, { fields, references, to }: PrismaRelation): Arbitrary<object> | null {
    const row = someRow(this.random, this.rows(to));
    return (
      row?.map((target) =>
        Object.fromEntries(
          fields.flatMap((field, index) =>
            field === model.tenantField ? [] : [[field, target[references[index] as string]]],
          ),
        ),
      ) ?? null
    );
  }
}

const BUILT_IN = new Set(['String', 'Int', 'BigInt', 'Float', 'Decimal', 'Boolean', 'DateTime', 'Json', 'Bytes']);

export const isEnum = ({ type }: FuzzedPrismaField) => !BUILT_IN.has(type);
export const isNumber = ({ type, isList }: FuzzedPrismaField) =>
  !isList && (type === 'Int' || type === 'BigInt' || type === 'Float' || type === 'Decimal');
/** True when rows can be told apart and put in order by it. */
export const isComparable = ({ type, isList }: FuzzedPrismaField) => !isList && type !== 'Json' && type !== 'Bytes';

export function defined(entries: object): object {
  return Object.fromEntries(Object.entries(entries).filter(([, value]) => value !== undefined));
}
