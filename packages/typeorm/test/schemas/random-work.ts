import type { Args } from '../../../../test/oracle/arguments.js';
import { Dice } from '../../../../test/oracle/dice.js';
import type { RandomCase } from '../../../../test/oracle/random-case.js';
import { OTHER, OWN, type Row, type Value, valueFor } from '../../../../test/oracle/random-rows.js';
import {
  type Field,
  fieldOf,
  type Model,
  modelOf,
  primaryKey,
  type RandomSchema,
  type Relation,
} from '../../../../test/oracle/schema.js';
import type { Operation, Work } from './work.js';

/** A relation as a property of one of its two entities. */
interface RelationProperty {
  readonly name: string;
  readonly to: Model;
  readonly kind: 'holder' | 'back' | 'link';
  readonly isList: boolean;
  readonly relation: Relation | null;
}

/** Random work over a schema; the same seed makes the same. */
export function randomWork(seed: number, given: RandomCase): Work {
  // Dice of their own: what is rare does not change the rest.
  const rare = new Dice(seed ^ 0x5bd1e995);
  if (rare.chance(0.004)) return { together: 'one', operations: [randomCall(rare, given)], isStripped: false };
  const isTwin = rare.chance(0.02);
  const dice = new Dice(seed);
  const random = new RandomOperations(dice, given);
  const together = dice.chance(0.12) ? 'transaction' : 'one';
  const operations = together === 'one' ? [random.operation()] : dice.many(2, 3, () => random.operation());
  return { together, operations, isStripped: dice.chance(0.4), ...(isTwin && { isTwin }) };
}

const NOT_COMPARED: readonly Field['type'][] = ['Json', 'Bytes', 'Float', 'Decimal'];

/** A function that runs SQL, or a harmless one, in any spelling and any place that takes SQL. */
function randomCall(dice: Dice, { schema }: RandomCase): Operation {
  const tenants = schema.models.filter(({ ownership }) => ownership === 'tenant');
  const model = dice.pick(tenants);
  const name = dice.pick([
    'query_to_xml',
    '"query_to_xml"',
    'pg_catalog."query_to_xml"',
    'U&"query_to_xm\\006c"',
    '"upper"',
  ]);
  const text = `select count(*) from "${dice.pick(tenants).table}"`;
  const call = name === '"upper"' ? `${name}('x')` : `${name}('${text.replaceAll("'", "''")}', true, true, '')::text`;
  const place = dice.pick(['select', 'where'] as const);
  const args = { place, call, isHarmless: name === '"upper"' };
  return { kind: 'call', model: model.name, isWrite: false, isOrdered: false, args };
}

class RandomOperations {
  readonly schema: RandomSchema;
  readonly #isOdd: boolean;
  readonly #focus = new Map<string, readonly Row[]>();

  constructor(
    readonly dice: Dice,
    readonly given: RandomCase,
  ) {
    this.schema = given.schema;
    this.#isOdd = dice.chance(0.2);
  }

  operation(): Operation {
    const { dice } = this;
    const tenants = this.schema.models.filter(({ ownership }) => ownership === 'tenant');
    const kind = dice.weighted([
      [5, 'find'],
      [2, 'findOne'],
      [1, 'findOneBy'],
      [1, 'findAndCount'],
      [1, 'countBy'],
      [1, 'existsBy'],
      [1, 'maximum'],
      [4, 'builder'],
      [1, 'groupBy'],
      [1, 'loadRelation'],
      [4, 'insert'],
      [6, 'save'],
      [6, 'saveLoaded'],
      [3, 'update'],
      [1.5, 'updateBuilder'],
      [3, 'delete'],
      [2, 'remove'],
      [3, 'upsert'],
      [1.5, 'orIgnore'],
      [4, 'relate'],
      [1, 'increment'],
    ] as const);
    const isWrite = ![
      'find',
      'findOne',
      'findOneBy',
      'findAndCount',
      'countBy',
      'existsBy',
      'maximum',
      'builder',
      'groupBy',
      'loadRelation',
    ].includes(kind);
    const model = dice.pick(isWrite ? tenants : dice.chance(0.85) ? tenants : this.schema.models);
    const isOrdered = kind === 'builder' || (['find', 'findOne', 'findAndCount'].includes(kind) && dice.chance(0.6));
    return { kind, model: model.name, isWrite, isOrdered, args: this.#arguments(kind, model, isOrdered) };
  }

  #arguments(kind: string, model: Model, isOrdered: boolean): Args {
    const { dice } = this;
    switch (kind) {
      case 'find':
      case 'findOne':
      case 'findAndCount':
        return this.#options(model, isOrdered || kind === 'findOne');
      case 'findOneBy':
        return { where: this.#key(model, this.#row(model)) };
      case 'maximum':
        return {
          column: dice.pick(model.fields.filter(({ type }) => type === 'Int' || type === 'String')).name,
          where: this.#where(model, 2),
        };
      case 'countBy':
      case 'existsBy':
        return { where: this.#wheres(model) };
      case 'builder':
        return this.#builder(model);
      case 'groupBy':
        return { column: dice.pick(model.fields.filter(({ type }) => !NOT_COMPARED.includes(type))).name };
      case 'loadRelation':
        return { relation: this.#relation(model)?.name ?? '', of: this.#key(model, this.#row(model)) };
      case 'insert':
      case 'orIgnore':
        return { rows: dice.chance(0.5) ? this.#newRow(model, 0) : dice.many(1, 3, () => this.#newRow(model, 0)) };
      case 'save':
        return { rows: dice.chance(0.7) ? this.#graph(model, 2) : dice.many(1, 2, () => this.#graph(model, 1)) };
      case 'saveLoaded':
        return this.#change(model);
      case 'update':
      case 'updateBuilder':
        return { where: this.#where(model, 0), set: this.#partial(model) };
      case 'delete':
        return { where: dice.chance(0.5) ? this.#key(model, this.#row(model)) : this.#where(model, 0) };
      case 'remove':
        return { where: this.#key(model, this.#row(model)) };
      case 'upsert': {
        const key = dice.pick(model.keys);
        const row = dice.chance(0.6) ? this.#row(model) : null;
        const rows = dice.many(1, 2, (index) => ({
          ...this.#newRow(model, 0),
          ...(row && index === 0 && this.#keyOf(model, row, key.fields)),
        }));
        return {
          rows: rows.length === 1 && dice.chance(0.5) ? rows[0] : rows,
          paths: key.fields.map((name) => fieldOf(model, name).name),
        };
      }
      case 'relate': {
        const property = this.#relation(model);
        if (!property) return { relation: '' };
        const target = () => this.#key(property.to, this.#row(property.to));
        const action = property.isList ? dice.pick(['add', 'remove', 'addAndRemove']) : 'set';
        return {
          relation: property.name,
          action,
          of: this.#key(model, this.#row(model)),
          value:
            action === 'set' && dice.chance(0.3)
              ? null
              : dice.chance(0.5) || action === 'set'
                ? target()
                : dice.many(1, 2, target),
          ...(action === 'addAndRemove' && { removed: target() }),
        };
      }
      default: {
        const numbers = model.fields.filter(({ type, name }) => type === 'Int' && !this.#isKeyOrForeign(model, name));
        return { column: numbers.length > 0 ? dice.pick(numbers).name : '', where: this.#where(model, 0) };
      }
    }
  }

  #relations(model: Model): readonly RelationProperty[] {
    const properties: RelationProperty[] = [];
    for (const relation of this.schema.relations) {
      const { holder, referred, field, backField, isOneToOne } = relation;
      if (holder === model.name)
        properties.push({ name: field, to: modelOf(this.schema, referred), kind: 'holder', isList: false, relation });
      if (referred === model.name)
        properties.push({
          name: backField,
          to: modelOf(this.schema, holder),
          kind: 'back',
          isList: !isOneToOne,
          relation,
        });
    }
    for (const { a, b } of this.schema.links) {
      if (a.model === model.name)
        properties.push({
          name: a.field,
          to: modelOf(this.schema, b.model),
          kind: 'link',
          isList: true,
          relation: null,
        });
      if (b.model === model.name)
        properties.push({
          name: b.field,
          to: modelOf(this.schema, a.model),
          kind: 'link',
          isList: true,
          relation: null,
        });
    }
    return properties;
  }

  #relation(model: Model): RelationProperty | null {
    const all = this.#relations(model);
    return all.length > 0 ? this.dice.pick(all) : null;
  }

  #row(model: Model): Row | null {
    const { dice } = this;
    const { own = [], other = [], shared = [] } = this.given.rows.models.get(model.name) ?? {};
    const mine = [...own, ...shared];
    const focus = this.#focus.get(model.name) ?? [
      ...dice.some(mine, 1, 2),
      ...(other.length > 0 && dice.chance(0.06) ? [dice.pick(other)] : []),
    ];
    this.#focus.set(model.name, focus);
    if (focus.length > 0 && dice.chance(0.6)) return dice.pick(focus);
    return mine.length > 0 ? dice.pick(mine) : null;
  }

  #isKeyOrForeign(model: Model, name: string): boolean {
    return (
      model.keys.some(({ fields }) => fields.includes(name)) ||
      this.schema.relations.some(({ holder, columns }) => holder === model.name && columns.includes(name))
    );
  }

  toArg({ type }: Field, value: Value): unknown {
    if (value === null) return null;
    if (typeof value === 'object') return value.json;
    if (type === 'Bytes') return Buffer.from(String(value), 'hex');
    if (type === 'DateTime') return new Date(String(value));
    if (type === 'BigInt') return String(value);
    return value;
  }

  #keyOf(model: Model, row: Row | null, fields: readonly string[]): Args {
    return Object.fromEntries(
      fields.map((name) => {
        const field = fieldOf(model, name);
        return [name, this.toArg(field, row?.[name] ?? this.#fresh(model, field))];
      }),
    );
  }

  #key(model: Model, row: Row | null): Args {
    return this.#keyOf(model, row, primaryKey(model).fields);
  }

  #fresh(model: Model, field: Field): Value {
    if (model.ownership === 'tenant' && field.name === this.schema.tenantField)
      return this.dice.chance(0.97) ? OWN.id : OTHER.id;
    return valueFor(
      this.dice,
      this.schema,
      model,
      { ...field, isRequired: true },
      model.ownership === 'tenant' ? 'own' : 'shared',
      this.dice.between(5, 60),
    );
  }

  #value(model: Model, field: Field): unknown {
    const row = this.dice.chance(0.75) ? this.#row(model) : null;
    return this.toArg(field, row ? (row[field.name] ?? null) : this.#fresh(model, field));
  }

  // Conditions

  #wheres(model: Model): unknown {
    const { dice } = this;
    if (this.#isOdd && dice.chance(0.15)) return dice.pick<unknown>([undefined, {}, [], [{}]]);
    return dice.chance(0.75) ? this.#where(model, 2) : dice.many(1, 2, () => this.#where(model, 2));
  }

  #where(model: Model, depth: number): Args {
    const { dice } = this;
    const where: Args = {};
    for (
      let n = dice.weighted([
        [1, 0],
        [5, 1],
        [2, 2],
      ]);
      n > 0;
      n -= 1
    ) {
      const relations = this.#relations(model);
      if (depth > 0 && relations.length > 0 && dice.chance(0.35)) {
        const { name, to } = dice.pick(relations);
        where[name] = this.#where(to, depth - 1);
      } else {
        const field = dice.pick(model.fields.filter(({ type }) => !NOT_COMPARED.includes(type)));
        where[field.name] = this.#condition(model, field);
      }
    }
    return where;
  }

  /** An operator of TypeORM is `{ op, value }` here, until it is performed. */
  #condition(model: Model, field: Field): unknown {
    const { dice } = this;
    const value = this.#value(model, field);
    if (value === null) return { op: dice.pick(['IsNull', 'NotNull']) };
    if (this.#isOdd && dice.chance(0.08)) return undefined;
    return dice.weighted<() => unknown>([
      [6, () => value],
      [
        2,
        () => ({
          op: 'In',
          value: dice.many(0, 3, () => this.toArg(field, this.#fresh(model, field))).concat([value]),
        }),
      ],
      [2, () => ({ op: 'Not', value })],
      [field.type === 'Int' ? 2 : 0, () => ({ op: 'MoreThan', value })],
      [field.type === 'String' ? 1 : 0, () => ({ op: 'Like', value: '%1%' })],
      [1, () => ({ op: dice.pick(['IsNull', 'NotNull']) })],
    ])();
  }

  #options(model: Model, isOrdered: boolean): Args {
    const { dice } = this;
    const relations = dice.chance(0.6) ? this.#nested(model, 2) : null;
    return {
      ...(dice.chance(0.8) && { where: this.#wheres(model) }),
      ...(relations && { relations }),
      ...(dice.chance(0.15) && {
        select: Object.fromEntries(
          [...primaryKey(model).fields, ...dice.some(model.fields, 1, 2).map(({ name }) => name)].map((name) => [
            name,
            true,
          ]),
        ),
      }),
      ...(isOrdered && {
        order: {
          ...(dice.chance(0.3) && this.#orderBefore(model)),
          ...Object.fromEntries(primaryKey(model).fields.map((name) => [name, 'ASC'])),
        },
        ...(dice.chance(0.3) && { take: dice.between(1, 3) }),
        ...(dice.chance(0.2) && { take: 2, skip: dice.between(0, 2) }),
      }),
      ...(dice.chance(0.3) && { relationLoadStrategy: dice.pick(['join', 'query']) }),
      ...(!relations && dice.chance(0.1) && { loadRelationIds: true }),
    };
  }

  #orderBefore(model: Model): Args {
    const field = this.dice.pick(model.fields.filter(({ type }) => !NOT_COMPARED.includes(type)));
    return primaryKey(model).fields.includes(field.name)
      ? {}
      : { [field.name]: this.dice.pick(['ASC', 'DESC', { direction: 'DESC' }]) };
  }

  #nested(model: Model, depth: number): Args {
    return Object.fromEntries(
      this.dice.some(this.#relations(model), 1, 2).map(({ name, to }) => {
        const deeper = depth > 1 && this.dice.chance(0.4) ? this.#nested(to, depth - 1) : {};
        return [name, Object.keys(deeper).length > 0 ? deeper : true];
      }),
    );
  }

  #builder(model: Model): Args {
    const { dice } = this;
    const property = dice.chance(0.7) ? this.#relation(model) : null;
    const comparable = (of: Model) => dice.pick(of.fields.filter(({ type }) => !NOT_COMPARED.includes(type)));
    const [field, other] = [comparable(model), property ? comparable(property.to) : null];
    return {
      result: dice.pick(['getMany', 'getMany', 'getManyAndCount', 'getCount', 'getRawMany', 'getOne']),
      ...(property && {
        join: {
          type: dice.pick(['leftJoinAndSelect', 'innerJoinAndSelect', 'leftJoin', 'innerJoin']),
          relation: property.name,
          to: property.to.name,
        },
        ...(other &&
          dice.chance(0.5) && {
            on: { column: other.name, value: this.#value(property.to, other), or: dice.chance(0.4) },
          }),
      }),
      ...(dice.chance(0.7) && {
        condition: { column: field.name, value: this.#value(model, field), or: dice.chance(0.5) },
      }),
      ...(dice.chance(0.25) && { exists: dice.pick(this.schema.models).name }),
      ...(dice.chance(0.25) && { take: dice.between(1, 3) }),
    };
  }

  // Rows

  /** A new row by its columns. */
  #newRow(model: Model, oddity: number): Args {
    const { dice } = this;
    const row: Args = {};
    const relations = this.schema.relations.filter(({ holder }) => holder === model.name);
    const referring = new Set(relations.flatMap(({ columns }) => columns));
    for (const field of model.fields) {
      if (referring.has(field.name) && field.name !== this.schema.tenantField) continue;
      const isTenant = model.ownership === 'tenant' && field.name === this.schema.tenantField;
      if (!isTenant && !field.isRequired && dice.chance(0.3)) continue;
      if (!isTenant && field.default !== null && dice.chance(0.4)) continue;
      row[field.name] = this.toArg(field, this.#fresh(model, field));
    }
    for (const relation of relations) {
      if (!relation.isRequired && dice.chance(0.4 + oddity)) continue;
      const target = this.#row(modelOf(this.schema, relation.referred));
      relation.columns.forEach((column, index) => {
        if (column === this.schema.tenantField && column in row) return;
        const field = fieldOf(model, column);
        row[column] = this.toArg(
          field,
          target?.[relation.references[index] as string] ?? (field.isRequired ? this.#fresh(model, field) : null),
        );
      });
    }
    return row;
  }

  /** A row with rows that hang on it, new ones and such that are there. */
  #graph(model: Model, depth: number): Args {
    const { dice } = this;
    const isThere = dice.chance(0.4) ? this.#row(model) : null;
    const row = isThere ? { ...this.#key(model, isThere), ...this.#partial(model) } : this.#newRow(model, 0);
    if (depth === 0) return row;
    for (const { name, to, isList, kind, relation } of dice.some(this.#relations(model), 0, 2)) {
      if (kind === 'holder')
        for (const column of relation?.columns ?? [])
          if (column !== this.schema.tenantField && !primaryKey(model).fields.includes(column)) delete row[column];
      const one = () => (dice.chance(0.5) ? this.#key(to, this.#row(to)) : this.#graph(to, depth - 1));
      row[name] = isList ? dice.many(0, 2, one) : dice.chance(0.15) ? null : one();
    }
    return row;
  }

  #partial(model: Model): Args {
    const { dice } = this;
    const set: Args = {};
    const relations = this.schema.relations.filter(({ holder }) => holder === model.name);
    const plain = model.fields.filter(({ name }) => !this.#isKeyOrForeign(model, name));
    for (const field of dice.some(plain, 1, 2))
      set[field.name] = this.#isOdd && dice.chance(0.1) ? undefined : this.toArg(field, this.#fresh(model, field));
    if (relations.length > 0 && dice.chance(0.4)) {
      const relation = dice.pick(relations);
      const target = this.#row(modelOf(this.schema, relation.referred));
      relation.columns.forEach((column, index) => {
        if (column === this.schema.tenantField || primaryKey(model).fields.includes(column)) return;
        set[column] = this.toArg(fieldOf(model, column), target?.[relation.references[index] as string] ?? null);
      });
    }
    return set;
  }

  /** Work on a row that is loaded first, with some of its relations. */
  #change(model: Model): Args {
    const { dice } = this;
    const relations = dice.some(this.#relations(model), 0, 2);
    const changes = Object.fromEntries(
      relations.map(({ name, to, isList }) => {
        const one = () => (dice.chance(0.6) ? this.#key(to, this.#row(to)) : this.#newRow(to, 0));
        if (!isList) return [name, dice.chance(0.3) ? null : one()];
        return [name, { keep: dice.between(0, 2), add: dice.many(0, 2, one) }];
      }),
    );
    return {
      where: this.#key(model, this.#row(model)),
      relations: Object.fromEntries(relations.map(({ name }) => [name, true])),
      set: this.#partial(model),
      changes,
    };
  }
}
