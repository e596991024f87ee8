import type { Args } from '../../../../test/oracle/arguments.js';
import type { Dice } from '../../../../test/oracle/dice.js';
import type { Row } from '../../../../test/oracle/random-rows.js';
import { type Field, fieldOf, type Model } from '../../../../test/oracle/schema.js';
import type { Reads } from './reads.js';
import type { RelationField, Values } from './values.js';

/** Random data of writes, nested to a depth: several actions on one relation, and several entries in one. */
export class Writes {
  readonly dice: Dice;
  readonly values: Values;

  constructor(readonly reads: Reads) {
    this.values = reads.values;
    this.dice = reads.dice;
  }

  /** @param via the relation, as a field of its parent, that the row is created through. */
  create(model: Model, depth: number, via: RelationField | null = null): Args {
    const { dice, values } = this;
    const relations = values.relations(model).filter((field) => !isInverse(field, via));
    const holders = relations.filter(({ kind }) => kind === 'holder');
    const others = relations.filter(({ kind }) => kind !== 'holder');
    const referring = new Set(
      values.relations(model).flatMap(({ kind, relation }) => (kind === 'holder' ? (relation?.columns ?? []) : [])),
    );
    const data: Args = {};
    for (const field of model.fields) {
      if (referring.has(field.name) || values.isTenantField(model, field.name)) continue;
      const isGiven = field.isRequired ? field.default === null || dice.chance(0.6) : dice.chance(0.6);
      if (isGiven) data[field.name] = values.odd(values.toArg(field, values.fresh(model, field)), 0.5);
    }
    const isByColumns = depth === 0 || dice.chance(0.45);
    if (isByColumns || dice.chance(0.03)) {
      for (const { relation, to, isRequired } of holders) {
        if (!isRequired && dice.chance(0.4)) continue;
        Object.assign(data, this.#columns(model, relation, isRequired ? this.#own(to) : values.row(to)));
      }
      const inherited = via?.kind === 'back' ? (via.relation?.columns ?? []) : [];
      for (const name of inherited) delete data[name];
      if (!inherited.includes(values.schema.tenantField) && model.ownership === 'tenant' && dice.chance(0.12)) {
        data[values.schema.tenantField] = values.odd(values.tenantId());
      }
    }
    if (!isByColumns) {
      for (const field of holders) {
        const isTenant = field.relation?.columns.join() === values.schema.tenantField;
        if (isTenant ? dice.chance(0.7) : !field.isRequired && dice.chance(0.5)) continue;
        data[field.name] = values.odd(this.nestedCreate(field, depth - 1, null), 0.5);
      }
    }
    if (depth > 0 && others.length > 0 && dice.chance(0.4)) {
      for (const field of dice.some(others, 1, 2))
        data[field.name] = values.odd(this.nestedCreate(field, depth - 1, null), 0.5);
    }
    return values.object(data);
  }

  #own(model: Model): Row | null {
    const { own = [], shared = [] } = this.values.given.rows.models.get(model.name) ?? {};
    const all = [...own, ...shared];
    return all.length > 0 && this.dice.chance(0.85) ? this.dice.pick(all) : this.values.row(model);
  }

  /** A foreign key by its columns: of one row, or, now and then, a part of it, or nothing. */
  #columns(model: Model, relation: RelationField['relation'], row: Row | null): Args {
    const { dice, values } = this;
    const data: Args = {};
    relation?.columns.forEach((column, index) => {
      if (values.isTenantField(model, column)) return;
      const field = fieldOf(model, column);
      const value = row?.[relation.references[index] as string] ?? null;
      if (!relation.isRequired && dice.chance(0.08)) return;
      data[column] = values.odd(
        !field.isRequired && dice.chance(0.08) ? null : values.toArg(field, value ?? values.fresh(model, field)),
        0.5,
      );
    });
    return data;
  }

  nestedCreate(field: RelationField, depth: number, row: Row | null): Args {
    const { dice, values } = this;
    const actions: Record<string, () => unknown> = {
      create: () => this.#many(field, () => this.create(field.to, Math.max(depth, 0), field)),
      connect: () => this.#many(field, () => this.#unique(field, row)),
      connectOrCreate: () =>
        this.#many(field, () => ({
          where: this.#unique(field, row),
          create: this.create(field.to, Math.max(depth, 0), field),
        })),
      ...(field.isList &&
        field.kind === 'back' && {
          createMany: () => ({
            data: values.odd(dice.many(1, 3, () => this.create(field.to, 0, field))),
            ...(dice.chance(0.2) && { skipDuplicates: true }),
          }),
        }),
    };
    const isSharedOnly = field.to.ownership === 'shared';
    const names = isSharedOnly && dice.chance(0.95) ? ['connect'] : Object.keys(actions);
    const count = dice.weighted([
      [5, 1],
      [field.isList ? 2 : 0.5, 2],
      [field.isList ? 0.5 : 0, 3],
    ]);
    return values.object(
      Object.fromEntries(dice.some(names, count, count).map((name) => [name, values.odd(actions[name]?.())])),
    );
  }

  #many<T>({ isList }: RelationField, make: () => T): unknown {
    return isList ? this.values.oneOrMany(make) : make();
  }

  #unique(field: RelationField, row: Row | null): Args {
    return this.reads.unique(field.to, this.values.related(field, row));
  }

  /** @param row the row it changes, as far as it is known. */
  update(model: Model, depth: number, row: Row | null, via: RelationField | null = null): Args {
    const { dice, values } = this;
    const relations = values.relations(model).filter((field) => !isInverse(field, via));
    const inherited = via?.kind === 'back' ? (via.relation?.columns ?? []) : [];
    const referring = new Set(
      values.relations(model).flatMap(({ kind, relation }) => (kind === 'holder' ? (relation?.columns ?? []) : [])),
    );
    const data: Args = {};
    const scalars = model.fields.filter(({ name }) => !referring.has(name));
    for (const field of dice.some(scalars, 0, 2)) {
      if (values.isTenantField(model, field.name) && dice.chance(0.8)) continue;
      if (model.keys.some(({ fields }) => fields.includes(field.name)) && dice.chance(0.5)) continue;
      data[field.name] = this.#change(model, field);
    }
    const isByColumns = dice.chance(0.3);
    if (isByColumns || depth === 0) {
      const columns = model.fields.filter(
        ({ name }) =>
          referring.has(name) && !inherited.includes(name) && (!values.isTenantField(model, name) || dice.chance(0.1)),
      );
      const holders = relations.filter(({ kind }) => kind === 'holder');
      if (holders.length > 0 && dice.chance(0.7)) {
        const { relation, to } = dice.pick(holders);
        Object.assign(data, this.#columns(model, relation, values.row(to)));
      } else if (columns.length > 0) {
        const field = dice.pick(columns);
        data[field.name] = this.#change(model, field);
      }
      for (const name of inherited) delete data[name];
    }
    if (depth > 0) {
      const usable = isByColumns && dice.chance(0.97) ? relations.filter(({ kind }) => kind !== 'holder') : relations;
      for (const field of dice.some(usable, isByColumns ? 0 : 1, 2))
        data[field.name] = values.odd(this.nestedUpdate(field, depth - 1, row), 0.5);
    }
    return values.object(shuffledEntries(dice, data));
  }

  #change(model: Model, field: Field): unknown {
    const { dice, values } = this;
    const isFresh = model.keys.some(({ fields }) => fields.includes(field.name)) && dice.chance(0.7);
    const value = isFresh ? values.toArg(field, values.fresh(model, field)) : values.value(model, field);
    if (field.type === 'Json') return value;
    return dice.weighted<() => unknown>([
      [5, () => value],
      [2, () => ({ set: value })],
      [field.type === 'Int' || field.type === 'Float' ? 1.5 : 0, () => ({ increment: 1 })],
      [0.2, () => undefined],
    ])();
  }

  nestedUpdate(field: RelationField, depth: number, row: Row | null): Args {
    const { dice, values, reads } = this;
    const { to, isList, kind, isRequired } = field;
    const deep = Math.max(depth, 0);
    const created = this.nestedCreateActions(field, deep, row);
    const target = () => values.related(field, row);
    const toMany: Record<string, () => unknown> = {
      ...created,
      set: () => values.oneOrMany(() => this.#unique(field, row)),
      disconnect: () => values.oneOrMany(() => this.#unique(field, row)),
      delete: () => values.oneOrMany(() => this.#unique(field, row)),
      deleteMany: () => values.oneOrMany(() => reads.filter(to, 1, true)),
      update: () =>
        values.oneOrMany(() => {
          const one = target();
          return { where: reads.unique(to, one), data: this.update(to, deep, one, field) };
        }),
      updateMany: () =>
        values.oneOrMany(() => ({
          where: values.odd(reads.filter(to, 1, true)),
          data: this.update(to, 0, null, field),
        })),
      upsert: () =>
        values.oneOrMany(() => {
          const one = target();
          return {
            where: reads.unique(to, one),
            create: this.create(to, deep, field),
            update: this.update(to, deep, one, field),
          };
        }),
    };
    const where = () => (dice.chance(0.4) ? { where: values.odd(reads.filter(to, 1)) } : {});
    const letGo = () => (dice.chance(0.6) ? true : dice.chance(0.1) ? false : reads.filter(to, 1));
    const toOne: Record<string, () => unknown> = {
      ...created,
      ...(!isRequired && { disconnect: letGo, delete: letGo }),
      update: () => {
        const one = target();
        const data = this.update(to, deep, one, field);
        return dice.chance(0.5) ? data : { ...where(), data };
      },
      upsert: () => ({
        ...where(),
        create: this.create(to, deep, field),
        update: this.update(to, deep, target(), field),
      }),
    };
    const actions = isList ? toMany : toOne;
    const names = to.ownership === 'shared' && dice.chance(0.95) ? this.#safe(field) : Object.keys(actions);
    if (names.length === 0) return {};
    const count = dice.weighted([
      [5, 1],
      [3, 2],
      [isList ? 1.5 : 0.2, 3],
      [isList ? 0.5 : 0, 4],
    ]);
    const some = dice.some(names, count, count).filter((name) => kind !== 'link' || name !== 'createMany');
    return values.object(Object.fromEntries(some.map((name) => [name, values.odd(actions[name]?.(), 0.5)])));
  }

  /** Writes to rows that are everybody's and nobody's to change. */
  #safe({ kind, isRequired }: RelationField): readonly string[] {
    if (kind === 'link') return ['connect', 'disconnect', 'set'];
    return kind === 'holder' ? ['connect', ...(isRequired ? [] : ['disconnect'])] : [];
  }

  nestedCreateActions(field: RelationField, depth: number, row: Row | null): Record<string, () => unknown> {
    const made = (name: string) => () => {
      for (let tries = 0; tries < 12; tries += 1) {
        const all = this.nestedCreate(field, depth, row);
        if (name in all) return all[name];
      }
      return this.#many(field, () => this.#unique(field, row));
    };
    return {
      create: made('create'),
      connect: made('connect'),
      connectOrCreate: made('connectOrCreate'),
      ...(field.isList && field.kind === 'back' && { createMany: made('createMany') }),
    };
  }
}

const isInverse = (field: RelationField, via: RelationField | null) =>
  via !== null && via.inverse === field.name && via.to === field.model && via.relation === field.relation;

function shuffledEntries(dice: Dice, data: Args): Args {
  return Object.fromEntries(dice.shuffled(Object.entries(data)));
}
