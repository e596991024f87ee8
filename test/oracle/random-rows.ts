import type { Dice } from './dice.js';
import {
  comparesTenant,
  type Field,
  type Model,
  modelOf,
  primaryKey,
  type RandomSchema,
  type Relation,
} from './schema.js';

/** The tenant whose operations are compared, and the one that is only looked at. */
export const OWN = { id: 't_alpha', slug: 'alpha' } as const;
export const OTHER = { id: 't_beta', slug: 'beta' } as const;

/** A value as the database is told of it: a date as its ISO text, bytes as hexadecimal digits, JSON as it is. */
export type Value = string | number | bigint | boolean | null | { readonly json: unknown };
export type Row = Readonly<Record<string, Value>>;

/** The rows of a model: the tenant's own, the other's, and everybody's. */
export interface ModelRows {
  readonly own: readonly Row[];
  readonly other: readonly Row[];
  readonly shared: readonly Row[];
}

export interface LinkRow {
  readonly a: Value;
  readonly b: Value;
  readonly isOwn: boolean;
}

export interface RandomRows {
  readonly models: ReadonlyMap<string, ModelRows>;
  readonly links: ReadonlyMap<string, readonly LinkRow[]>;
}

type Who = 'own' | 'other';
const ENUM = ['red', 'green', 'blue'] as const;

/** Rows for both tenants; where the schema is planted and no key forbids it, some refer to the other's. */
export function randomRows(dice: Dice, schema: RandomSchema): RandomRows {
  const models = new Map<string, { own: Row[]; other: Row[]; shared: Row[] }>();
  for (const model of schema.models) models.set(model.name, { own: [], other: [], shared: [] });
  const rowsOf = (name: string) => models.get(name) as { own: Row[]; other: Row[]; shared: Row[] };
  const holders = (model: Model) => schema.relations.filter(({ holder }) => holder === model.name);

  const plain = (model: Model, who: Who | 'shared', n: number): Record<string, Value> => {
    const referring = new Set(holders(model).flatMap(({ columns }) => columns));
    return Object.fromEntries(
      model.fields
        .filter(({ name }) => !referring.has(name) || name === schema.tenantField)
        .map((field) => [field.name, valueFor(dice, schema, model, field, who, n)]),
    );
  };
  const isTaken = (model: Model, row: Row) =>
    model.keys.some(({ fields }) => {
      const key = fields.map((name) => row[name] ?? null);
      if (key.includes(null)) return false;
      const { own, other, shared } = rowsOf(model.name);
      return [...own, ...other, ...shared].some(
        (each) => each !== row && fields.every((name, index) => each[name] === key[index]),
      );
    });
  /** Sets the columns of a relation to a row that there is, as far as they are not set already. */
  const refer = (row: Record<string, Value>, relation: Relation, who: Who | 'shared') => {
    const { own, other, shared } = rowsOf(relation.referred);
    const follows = [relation.onDelete, relation.onUpdate].some(
      (action) => action === 'Cascade' || action === 'SetNull',
    );
    const isOthers =
      schema.isPlanted &&
      who !== 'shared' &&
      !comparesTenant(schema, relation) &&
      (schema.plantsWhatFollows || !(follows || relation.isRequired)) &&
      dice.chance(0.25);
    const [mine, theirs] = who === 'other' ? [other, own] : [own, other];
    const fits = (target: Row) =>
      relation.columns.every(
        (column, index) =>
          row[column] === undefined ||
          row[column] === null ||
          row[column] === target[relation.references[index] as string],
      );
    const candidates = [...shared, ...(isOthers && theirs.some(fits) ? theirs : mine)].filter(fits);
    const isNull = candidates.length === 0 || (!relation.isRequired && dice.chance(0.2));
    const target = isNull ? null : dice.pick(candidates);
    relation.columns.forEach((column, index) => {
      if (row[column] !== undefined && row[column] !== null) return;
      row[column] = target?.[relation.references[index] as string] ?? null;
    });
  };
  const isKeyColumn = (model: Model, { columns, isOneToOne }: Relation) =>
    !isOneToOne &&
    columns.some((column) => column !== schema.tenantField && model.keys.some(({ fields }) => fields.includes(column)));

  // First what keys are made of, which refers to earlier models alone; then the rest, which may refer to any row.
  for (const model of schema.models) {
    for (const who of model.ownership === 'tenant' ? (['own', 'other'] as const) : (['shared'] as const)) {
      for (let n = 1; n <= (who === 'shared' ? 3 : 4); n += 1) {
        for (let tries = 0; tries < 8; tries += 1) {
          const row = plain(model, who, n);
          for (const relation of holders(model).filter((each) => isKeyColumn(model, each))) refer(row, relation, who);
          if (isTaken(model, row)) continue;
          rowsOf(model.name)[who].push(row);
          break;
        }
      }
    }
  }
  for (const model of schema.models) {
    for (const who of ['own', 'other', 'shared'] as const) {
      const { [who]: all } = rowsOf(model.name);
      for (const row of [...all] as Record<string, Value>[]) {
        const before = { ...row };
        for (let tries = 0; tries < 8; tries += 1) {
          for (const key of Object.keys(row)) delete row[key];
          Object.assign(row, before);
          for (const relation of holders(model)) refer(row, relation, who);
          if (!isTaken(model, row) && isWhole(model, row)) break;
        }
        if (isTaken(model, row) || !isWhole(model, row)) all.splice(all.indexOf(row), 1);
      }
    }
  }
  dropDangling(schema, models);
  return { models, links: randomLinks(dice, schema, rowsOf) };
}

const isWhole = (model: Model, row: Row) =>
  model.fields.every(({ name, isRequired }) => !isRequired || (row[name] !== null && row[name] !== undefined));

/** A row that was left out may have been referred to already. */
function dropDangling(schema: RandomSchema, models: Map<string, { own: Row[]; other: Row[]; shared: Row[] }>): void {
  let isDone = false;
  while (!isDone) {
    isDone = true;
    for (const { holder, referred, columns, references } of schema.relations) {
      const target = models.get(referred);
      const targets = [...(target?.own ?? []), ...(target?.other ?? []), ...(target?.shared ?? [])];
      for (const all of Object.values(models.get(holder) ?? {}) as Row[][]) {
        const dangling = all.filter((row) => {
          const key = columns.map((column) => row[column] ?? null);
          return (
            !key.includes(null) && !targets.some((each) => references.every((name, index) => each[name] === key[index]))
          );
        });
        for (const row of dangling) {
          all.splice(all.indexOf(row), 1);
          isDone = false;
        }
      }
    }
  }
}

function randomLinks(
  dice: Dice,
  schema: RandomSchema,
  rowsOf: (name: string) => ModelRows,
): ReadonlyMap<string, readonly LinkRow[]> {
  return new Map(
    schema.links.map(({ name, a, b }) => {
      const links = new Map<string, LinkRow>();
      const [keyA, keyB] = [a, b].map((end) => primaryKey(modelOf(schema, end.model)).fields[0] as string) as [
        string,
        string,
      ];
      for (const who of ['own', 'other'] as const) {
        for (let n = 0; n < 4; n += 1) {
          const end = (model: string, isOthers: boolean) => {
            const rows = rowsOf(model);
            const side = isOthers ? (who === 'own' ? rows.other : rows.own) : rows[who];
            return [...rows.shared, ...side];
          };
          const isOthers = schema.isPlanted && dice.chance(0.25);
          const [ofA, ofB] = [end(a.model, false), end(b.model, isOthers)];
          if (ofA.length === 0 || ofB.length === 0) continue;
          const link = { a: dice.pick(ofA)[keyA] ?? null, b: dice.pick(ofB)[keyB] ?? null };
          const isShared = [a, b].every((each) => modelOf(schema, each.model).ownership !== 'tenant');
          links.set(`${link.a} ${link.b}`, {
            ...link,
            isOwn: who === 'own' || isShared || (isOthers && hasTenant(schema, b.model)),
          });
        }
      }
      return [name, [...links.values()]] as const;
    }),
  );
}

const hasTenant = (schema: RandomSchema, name: string) => modelOf(schema, name).ownership === 'tenant';

/** The value of the n-th row of its owner: of one kind for all, so that new ones can be made as well. */
export function valueFor(
  dice: Dice,
  schema: RandomSchema,
  model: Model,
  field: Field,
  who: Who | 'shared',
  n: number,
): Value {
  const slug = who === 'own' ? OWN.slug : who === 'other' ? OTHER.slug : 'all';
  const isKey = model.keys.some(({ fields }) => fields.includes(field.name));
  // A part of a key may be the same for both tenants: their rows then differ by the rest of it.
  const isGlobal = model.keys.some(({ fields }) => fields.length === 1 && fields[0] === field.name);
  if (field.name === schema.tenantField && model.ownership === 'tenant') return who === 'own' ? OWN.id : OTHER.id;
  if (model.name.endsWith('Org') && field.name === 'id') return [OWN.id, OTHER.id, 't_gamma'][n - 1] ?? `t_new${n}`;
  if (!isKey && !field.isRequired && dice.chance(0.25)) return null;
  if (who === 'shared' && isKey) return field.type === 'Int' ? n : (['EU', 'US', 'CH'][n - 1] ?? `X${n}`);
  const number = isGlobal ? n + (who === 'own' ? 100 : 200) : n;
  switch (field.type) {
    case 'String':
      if (isGlobal) return `${slug}-${model.name.slice(schema.prefix.length)}-${n}`;
      return isKey ? `k${n}` : `${slug} text ${n % 3}`;
    case 'Int':
      return isKey ? number : n % 3;
    case 'BigInt':
      return BigInt(isKey ? number : n % 3) + (isKey ? 0n : 5_000_000_000n);
    case 'Float':
      return (n % 3) + 0.5;
    case 'Decimal':
      return `${n % 3}.25`;
    case 'Boolean':
      return n % 2 === 0;
    case 'DateTime':
      return new Date(Date.UTC(2026, 0, 1 + (isKey ? number : n % 3))).toISOString();
    case 'Json':
      return { json: n % 2 === 0 ? { owner: slug, n: n % 3 } : [slug, n % 3] };
    case 'Bytes':
      return `00ff0${n % 3}`;
    case 'Uuid':
      return `00000000-0000-4000-8000-0000000a${String(number).padStart(4, '0')}`;
    case 'Enum':
      return ENUM[n % 3] as string;
    default:
      throw new Error(`no value of ${String(field.type)}`);
  }
}
