import type { ScopedModel, ScopedRelation } from '../schema/model.js';
import { guardAstray } from './astray.js';
import type { Call, Filter } from './call.js';
import { nameOf, refused } from './refusals.js';
import { isSkip, structure } from './structure.js';
import { NOTHING, tenantCondition, UNKNOWN } from './tenant-filters.js';
import { isCompoundKey } from './unique-where.js';

type Entry = readonly [string, unknown];

/** One column that a call sets, by its name or by a relation that it is (a part of) the foreign key of. */
interface Setting {
  readonly column: string;
  readonly by: ScopedRelation | null;
  readonly value: unknown;
  /** Set to null, if at all. */
  readonly isCleared?: boolean;
}

/**
 * P15: the database accepts a foreign key that names another tenant's row, unless the key contains the tenant. So a row of
 * this tenant must be found first. All that one call sets is looked at together, because keys may share columns.
 *
 * @param parent the relation that a new row is created through, if there is one.
 */
export function guardForeignKeys(
  entries: readonly Entry[],
  model: ScopedModel,
  call: Call,
  argument: string,
  isUpdate: boolean,
  parent: ScopedRelation | null = null,
): void {
  const relations = new Set<ScopedRelation>();
  for (const [key] of entries) {
    const field = model.fields.get(key);
    if (field?.kind === 'scalar') for (const relation of field.unchecked) relations.add(relation);
    else if (field?.holdsKey) for (const relation of sharing(field)) relations.add(relation);
  }
  const through = parent && !parent.holdsKey && !parent.isManyToMany ? parent.inverse : null;
  if (through) for (const relation of sharing(through)) relations.add(relation);
  if (relations.size === 0) return;
  const settings = settingsOf(entries, model);
  if (through) for (const column of through.key.fields) settings.push({ column, by: through, value: UNKNOWN });
  for (const relation of relations) {
    const { fields } = relation.key;
    const all = settings.filter(({ column }) => fields.includes(column));
    const others = all.filter(({ by }) => by !== relation);
    const isSetItself = others.length < all.length;
    if (!isSetItself && others.every(({ isCleared }) => isCleared)) continue;
    const holder = others[0]?.by;
    if (!isSetItself && holder && others.every(({ by }) => by === holder)) {
      // A row that is connected or made was asked the same in its own `where` or data.
      if (isCarried(relation, holder, call, holder === through)) continue;
    }
    const key = fields.map((column) => {
      const values = all.filter((each) => each.column === column).map(({ value }) => value);
      if (values.length > 0) return values.every((value) => isSame(value, values[0])) ? values[0] : UNKNOWN;
      if (column === model.tenantField) return call.tenantId;
      const field = model.fields.get(column);
      return !isUpdate && field?.kind === 'scalar' && field.isNullByDefault ? null : UNKNOWN;
    });
    // One null, and it refers to nothing.
    if (key.includes(null)) continue;
    if (key.includes(UNKNOWN)) {
      const known = fields.flatMap((column, index) => (key[index] === UNKNOWN ? [] : [[column, key[index]] as const]));
      guardAstray(relation, call, () => partOfKey(relation, call, argument), structure(known));
      continue;
    }
    // What a relation sets itself is found or made within the tenant.
    if (isSetItself) continue;
    call.guards.requireRow(
      {
        relation,
        ofReferred: tenantCondition(relation.to, call) ?? NOTHING,
        ofHolder: tenantCondition(model, call) ?? NOTHING,
      },
      key,
    );
  }
}

/** The same for a row that is there and gets its foreign key from the row that the call changes. */
export function guardConnected(holder: ScopedRelation, call: Call, argument: string): void {
  for (const relation of sharing(holder)) {
    if (!isCarried(relation, holder, call, true))
      guardAstray(relation, call, () => partOfKey(relation, call, argument));
  }
}

/** The condition under which the key of a row is taken: where a part of it is a foreign key as well, that one leads to the tenant's. */
export function ownKeys(holder: ScopedRelation, call: Call): readonly Filter[] {
  return sharing(holder).flatMap((relation) => {
    const carrier = carrierOf(holder, relation);
    return carrier && !carrier.comparesTenant ? [leadsToOwn(carrier, call)] : [];
  });
}

/** The unchecked relations that share a column with the foreign key of another one. */
function sharing(holder: ScopedRelation): readonly ScopedRelation[] {
  const found = new Set<ScopedRelation>();
  for (const column of holder.key.fields) {
    const field = holder.of.fields.get(column);
    if (field?.kind === 'scalar') for (const relation of field.unchecked) if (relation !== holder) found.add(relation);
  }
  return [...found];
}

/** True when the row that `holder` leads to has a key of its own that vouches for the other relation's. */
function isCarried(relation: ScopedRelation, holder: ScopedRelation, call: Call, isOfCall: boolean): boolean {
  const carrier = carrierOf(holder, relation);
  if (isOfCall && carrier && !carrier.comparesTenant) call.required?.push(leadsToOwn(carrier, call));
  return carrier !== null;
}

/** The relation of the row at the other end of `holder` by which that row refers to what `relation` refers to, with the same columns. */
function carrierOf(holder: ScopedRelation, { to, key }: ScopedRelation): ScopedRelation | null {
  for (const carrier of holder.to.fields.values()) {
    if (carrier.kind !== 'relation' || !carrier.holdsKey || carrier.to !== to) continue;
    if (carrier.key.fields.length !== key.fields.length) continue;
    const isSameKey = key.fields.every((column, index) => {
      const referred = holder.key.references[holder.key.fields.indexOf(column)] ?? '';
      return carrier.key.references[carrier.key.fields.indexOf(referred)] === key.references[index];
    });
    if (isSameKey) return carrier;
  }
  return null;
}

function leadsToOwn(relation: ScopedRelation, call: Call): Filter {
  const own = structure([[relation.name, structure([['is', tenantCondition(relation.to, call)]])]]);
  return relation.isRequired ? own : structure([['OR', [structure([[relation.name, null]]), own]]]);
}

/** The columns that rewritten data of a row set, and what to. */
function settingsOf(entries: readonly Entry[], model: ScopedModel): Setting[] {
  return entries.flatMap(([key, entry]) => {
    const field = model.fields.get(key);
    // Prisma sends a number that JSON does not have as null.
    const value = typeof entry === 'number' && !Number.isFinite(entry) ? null : entry;
    if (field?.kind === 'scalar') return [{ column: key, by: null, value }];
    return field?.holdsKey ? settingsBy(field, entry as Filter) : [];
  });
}

/** The columns that an action of the side which holds the foreign key sets; null is what it may be set to. */
export function settingsBy(by: ScopedRelation, actions: Filter): Setting[] {
  return Object.entries(actions).flatMap(([action, given]): Setting[] => {
    const set = (valueFor: (referred: string) => unknown): Setting[] =>
      by.key.fields.map((column, index) => ({ column, by, value: valueFor(by.key.references[index] as string) }));
    switch (action) {
      case 'connect':
        return set((referred) => valueIn(given as Filter, by.to, referred));
      case 'create':
        return set((referred) => valueOfNew(given, by.to, referred));
      case 'connectOrCreate': {
        const { where, create } = given as { readonly where?: Filter; readonly create?: unknown };
        return set((referred) => {
          const value = valueIn(where ?? {}, by.to, referred);
          return isSame(value, valueOfNew(create, by.to, referred)) ? value : UNKNOWN;
        });
      }
      case 'disconnect':
      case 'delete':
        if (given === false) return [];
        return set(() => (given === true ? null : UNKNOWN)).map((each) => ({ ...each, isCleared: true }));
      case 'update':
        // A key that changes is looked at where it is changed.
        return [];
      default:
        return set(() => UNKNOWN);
    }
  });
}

/** The value of a column in a unique filter, by itself or in a compound key. */
function valueIn(where: Filter, model: ScopedModel, column: string): unknown {
  const compound = Object.entries(where).find(([key, entry]) => isCompoundKey(key, entry, model) && column in entry);
  const value = where[column] ?? (compound?.[1] as Filter | undefined)?.[column];
  return value === undefined || value === null || isStructure(value) ? UNKNOWN : value;
}

function valueOfNew(data: unknown, model: ScopedModel, column: string): unknown {
  if (!isStructure(data) || Array.isArray(data)) return UNKNOWN;
  const values = settingsOf(Object.entries(data as object), model).filter((each) => each.column === column);
  return values.length > 0 && values.every(({ value }) => isSame(value, values[0]?.value)) ? values[0]?.value : UNKNOWN;
}

function isStructure(value: unknown): boolean {
  if (value === null || typeof value !== 'object') return false;
  const prototype = Object.getPrototypeOf(value);
  return Array.isArray(value) || prototype === null || prototype === Object.prototype;
}

function isSame(one: unknown, other: unknown): boolean {
  if (one === UNKNOWN || other === UNKNOWN) return false;
  if (one === other) return true;
  if (one instanceof Date && other instanceof Date) return one.getTime() === other.getTime();
  return false;
}

function partOfKey(relation: ScopedRelation, call: Call, argument: string): Error {
  return refused(
    call,
    `\`${argument}\` sets a part of the foreign key of ${nameOf(relation)}, which may then name another tenant's row`,
    `Set ${relation.key.fields.join(', ')} together.`,
  );
}

/** The value an update sets a column to; what is computed from the row is not known here. */
export function valueSet(value: unknown): unknown {
  if (value === null || typeof value !== 'object' || value instanceof Date || value instanceof Uint8Array) return value;
  const operations = Object.entries(value).filter(([, entry]) => entry !== undefined && !isSkip(entry));
  const [[operation, operand] = [], ...others] = operations;
  if (Object.getPrototypeOf(value) !== Object.prototype && Object.getPrototypeOf(value) !== null) return value;
  return operation === 'set' && others.length === 0 ? operand : UNKNOWN;
}
