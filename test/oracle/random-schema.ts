import type { Dice } from './dice.js';
import type { Action, Field, FieldType, Key, Link, Ownership, RandomSchema, Relation } from './schema.js';

export interface SchemaSettings {
  readonly prefix: string;
  readonly tenantField: string;
  readonly tenantColumn: string;
  /** True when references to another tenant's row may be of a kind that the database follows by itself. */
  readonly plantsWhatFollows: boolean;
}

interface Draft {
  readonly name: string;
  readonly table: string;
  readonly ownership: Ownership;
  readonly fields: Field[];
  readonly keys: Key[];
  readonly hasDefaultOrder: boolean;
}

const MODELS = ['Unit', 'Depot', 'order', 'Line', 'Person', 'HTTPLog', 'data', 'Where', 'e2e', 'User', 'Group'];
const SHARED = ['Region', 'currency', 'Plan'];
const ODD_FIELDS = [
  'data',
  'is',
  'set',
  'select',
  'connect',
  'AND_',
  'constructor',
  'toString',
  'every',
  'some',
  'from',
];
const PLAIN: readonly FieldType[] = [
  'String',
  'String',
  'Int',
  'Int',
  'Boolean',
  'DateTime',
  'Json',
  'Bytes',
  'Decimal',
  'BigInt',
  'Float',
  'Enum',
];

/** A schema of a few models: tenants' and everybody's, with keys and relations of every kind there is. */
export function randomSchema(dice: Dice, settings: SchemaSettings): RandomSchema {
  const draft = new SchemaDraft(dice, settings);
  return draft.finished();
}

class SchemaDraft {
  readonly #models: Draft[] = [];
  readonly #relations: Relation[] = [];
  readonly #links: Link[] = [];
  readonly #isPlanted: boolean;

  constructor(
    readonly dice: Dice,
    readonly settings: SchemaSettings,
  ) {
    this.#isPlanted = dice.chance(0.6);
    const hasRegistry = dice.chance(0.5);
    if (hasRegistry) this.#addRegistry();
    for (const name of dice.some(SHARED, 1, 2)) this.#addShared(name);
    for (const name of dice.some(MODELS, 3, 4)) this.#addTenants(name);
    const tenants = this.#models.filter(({ ownership }) => ownership === 'tenant');
    for (const holder of tenants) {
      if (hasRegistry && dice.chance(0.6)) this.#relate(holder, this.#models[0] as Draft, true);
      for (let n = dice.between(1, 2); n > 0; n -= 1) {
        const others = [...this.#models, ...tenants, holder];
        this.#relate(holder, dice.pick(others), false);
      }
    }
    for (const holder of this.#models.filter(({ ownership }) => ownership !== 'tenant')) {
      if (dice.chance(0.15))
        this.#relate(holder, dice.pick(this.#models.filter((each) => each.ownership !== 'tenant')), false);
    }
    for (let n = dice.between(0, 2); n > 0; n -= 1) this.#link();
    if (dice.chance(0.8)) this.#overlap();
  }

  finished(): RandomSchema {
    const { prefix, tenantField, tenantColumn } = this.settings;
    return {
      prefix,
      tenantField,
      tenantColumn,
      models: this.#models,
      relations: this.#relations,
      links: this.#links,
      isPlanted: this.#isPlanted,
      plantsWhatFollows: this.settings.plantsWhatFollows,
    };
  }

  #model(name: string, ownership: Ownership): Draft {
    const { dice, settings } = this;
    const full = `${settings.prefix}${name}`;
    const model: Draft = {
      name: full,
      table: dice.chance(0.25) ? `${full} of a shop's` : full,
      ownership,
      fields: [],
      keys: [],
      hasDefaultOrder: dice.chance(0.4),
    };
    this.#models.push(model);
    return model;
  }

  #field(model: Draft, name: string, type: FieldType, isRequired: boolean, value: Field['default'] = null): string {
    const column = this.dice.chance(0.15) ? `${name} Col` : name;
    model.fields.push({ name, column, type, isRequired, default: value });
    return name;
  }

  #key(model: Draft, fields: readonly string[]): void {
    if (model.keys.some((key) => same(key.fields, fields))) return;
    const hasOwnName = fields.length > 1 && this.dice.chance(0.2);
    model.keys.push({ name: hasOwnName ? `by_${fields.join('_')}_` : fields.join('_'), fields, hasOwnName });
  }

  #addRegistry(): void {
    const model = this.#model('Org', this.dice.chance(0.7) ? 'writable' : 'shared');
    this.#key(model, [this.#field(model, 'id', 'String', true)]);
    this.#field(model, 'title', 'String', false);
  }

  #addShared(name: string): void {
    const model = this.#model(name, this.dice.chance(0.4) ? 'writable' : 'shared');
    this.#key(model, [this.#field(model, 'code', this.dice.chance(0.7) ? 'String' : 'Int', true)]);
    this.#field(model, 'label', 'String', true, this.dice.chance(0.3) ? 'none' : null);
  }

  #addTenants(name: string): void {
    const { dice, settings } = this;
    const model = this.#model(name, 'tenant');
    const tenant = settings.tenantField;
    model.fields.push({
      name: tenant,
      column: settings.tenantColumn,
      type: 'String',
      isRequired: true,
      default: null,
    });
    const idType = dice.pick<FieldType>(['String', 'String', 'Int', 'BigInt', 'Uuid']);
    const shape = dice.pick(['global', 'global', 'global and tenant', 'tenant', 'shared columns'] as const);
    if (shape === 'tenant') {
      this.#key(model, [tenant, this.#field(model, 'no', dice.pick(['Int', 'String']), true)]);
    } else if (shape === 'shared columns') {
      const shared = dice.pick(
        this.#models.filter(({ ownership, name: each }) => ownership !== 'tenant' && !each.endsWith('Org')),
      );
      const code = this.#field(model, 'regionCode', (shared.fields[0] as Field).type, true);
      const no = this.#field(model, 'no', dice.pick(['Int', 'String']), true);
      this.#key(model, dice.chance(0.5) ? [code, no] : [tenant, code, no]);
      this.#addRelation(model, shared, [code], ['code'], false);
    } else {
      const id = this.#field(model, dice.chance(0.85) ? 'id' : `${name}Id`, idType, true);
      this.#key(model, [id]);
      if (shape === 'global and tenant') this.#key(model, [tenant, id]);
    }
    const names = dice.shuffled(['name', 'stock', 'kind', 'note', ...dice.some(ODD_FIELDS, 0, 1)]);
    for (const field of names.slice(0, dice.between(2, 4))) {
      const type = dice.pick(PLAIN);
      const isRequired = dice.chance(0.5);
      this.#field(model, field, type, isRequired, this.#default(type));
    }
    if (dice.chance(0.4))
      this.#key(model, [tenant, this.#field(model, 'sku', 'String', true, dice.chance(0.2) ? 'none' : null)]);
    else if (dice.chance(0.2)) this.#key(model, [this.#field(model, 'email', 'String', dice.chance(0.6))]);
  }

  #default(type: FieldType): Field['default'] {
    if (!this.dice.chance(0.4)) return null;
    if (type === 'String') return 'some';
    if (type === 'Int') return 7;
    if (type === 'Boolean') return true;
    return null;
  }

  /** A foreign key of new columns, or partly of such that the holder has already. */
  #relate(holder: Draft, referred: Draft, isRegistry: boolean): void {
    const { dice, settings } = this;
    const tenant = settings.tenantField;
    if (isRegistry) {
      if (
        !this.#relations.some(
          (each) => each.holder === holder.name && each.columns[0] === tenant && each.columns.length === 1,
        )
      ) {
        this.#addRelation(holder, referred, [tenant], ['id'], false);
      }
      return;
    }
    const isBack = (key: Key) =>
      this.#relations.some(
        (each) => each.isOneToOne && each.holder === referred.name && same(each.columns, key.fields),
      );
    const keys = referred.keys.filter((key) => !isBack(key) && key.fields.every((name) => isNotNull(referred, name)));
    const key = dice.pick(keys);
    if (key.fields.includes(tenant) && holder.ownership !== 'tenant') return;
    const isRequired = holder !== referred && dice.chance(0.4);
    const number = this.#relations.length;
    const columns: string[] = [];
    for (const name of key.fields) {
      const { type } = referred.fields.find((field) => field.name === name) as Field;
      if (name === tenant && referred.ownership === 'tenant') {
        columns.push(tenant);
        continue;
      }
      const known = this.#relations
        .filter((each) => each.holder === holder.name)
        .flatMap((each) => each.columns)
        .filter((column) => column !== tenant && !columns.includes(column) && typeOf(holder, column) === type);
      if (key.fields.length > 1 && known.length > 0 && dice.chance(0.6)) columns.push(dice.pick(known));
      else
        columns.push(
          this.#field(
            holder,
            `${lower(referred.name.slice(settings.prefix.length))}${upper(name)}${number}`,
            type,
            isRequired || (key.fields.length > 1 && dice.chance(0.15)),
          ),
        );
    }
    if (holder === referred && same(columns, key.fields)) return;
    const isKey = holder.keys.some((each) => same(each.fields, columns));
    if (isKey || this.#relations.some((each) => each.holder === holder.name && same(each.columns, columns))) return;
    this.#addRelation(holder, referred, columns, key.fields, dice.chance(0.3));
  }

  /** A relation to everybody's row whose column is a part of another foreign key: changed alone, that one names another row. */
  #overlap(): void {
    const { dice } = this;
    const tenants = this.#models.filter(({ ownership }) => ownership === 'tenant');
    const referred = tenants.find(({ keys }) => keys.some(({ fields }) => fields.join() === 'regionCode,no'));
    const byCode = this.#relations.find(
      ({ holder, columns }) => holder === referred?.name && columns.join() === 'regionCode',
    );
    const holder = dice.pick(tenants.filter((each) => each !== referred));
    const shared = this.#models.find(({ name }) => name === byCode?.referred);
    if (!referred || !shared) return;
    const number = this.#relations.length;
    const [code, no] = ['regionCode', 'no'].map((name) =>
      this.#field(holder, `${name}${number}`, typeOf(referred, name) as FieldType, false),
    ) as [string, string];
    this.#addRelation(holder, shared, [code], ['code'], false);
    this.#addRelation(holder, referred, [code, no], ['regionCode', 'no'], false);
  }

  #addRelation(
    holder: Draft,
    referred: Draft,
    columns: readonly string[],
    references: readonly string[],
    isOneToOne: boolean,
  ): void {
    const { dice, settings } = this;
    const number = this.#relations.length;
    const isRequired = columns.every((name) => isNotNull(holder, name));
    const isAllOptional = columns.every((name) => !isNotNull(holder, name));
    const hasDefaultActions = dice.chance(0.4);
    const actions: readonly Action[] = isAllOptional
      ? ['Cascade', 'Restrict', 'NoAction', 'SetNull']
      : ['Cascade', 'Restrict', 'NoAction'];
    if (isOneToOne) this.#key(holder, columns);
    this.#relations.push({
      name: `${settings.prefix}R${number}`,
      holder: holder.name,
      field: `to${number}${upper(referred.name.slice(settings.prefix.length))}`,
      referred: referred.name,
      backField: `of${number}${upper(holder.name.slice(settings.prefix.length))}`,
      columns,
      references,
      isRequired,
      isOneToOne,
      onDelete: hasDefaultActions ? (isAllOptional ? 'SetNull' : 'Restrict') : dice.pick(actions),
      onUpdate: hasDefaultActions ? 'Cascade' : dice.pick(actions),
      hasDefaultActions,
    });
  }

  #link(): void {
    const { dice, settings } = this;
    const single = this.#models.filter(({ keys }) => keys[0]?.fields.length === 1);
    const tenants = single.filter(({ ownership }) => ownership === 'tenant');
    if (tenants.length === 0) return;
    const number = this.#links.length;
    const ends = [dice.pick(tenants), dice.pick([...single, ...tenants])];
    const [a, b] = ends.sort((one, other) => (one.name < other.name ? -1 : 1)) as [Draft, Draft];
    const name = `${settings.prefix}L${number}`;
    this.#links.push({
      name,
      table: `_${name}`,
      a: { model: a.name, field: `aLinks${number}` },
      b: { model: b.name, field: `bLinks${number}` },
    });
  }
}

const isNotNull = (model: Draft, name: string) =>
  model.fields.find((field) => field.name === name)?.isRequired === true;
const typeOf = (model: Draft, name: string) => model.fields.find((field) => field.name === name)?.type;
const same = (one: readonly string[], other: readonly string[]) => one.join() === other.join();
const upper = (text: string) => text.replace(/^./, (first) => first.toUpperCase());
const lower = (text: string) => text.replace(/^./, (first) => first.toLowerCase());
