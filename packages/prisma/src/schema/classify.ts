import { misconfigured } from '../errors/misconfigured.js';
import type { Disturbed, ScopedField, ScopedModel, ScopedRelation, ScopedScalar } from './model.js';
import type { Schema, SchemaField, SchemaModel } from './schema.js';

export interface Classification {
  readonly tenantField: string;
  readonly shared: readonly string[];
  readonly writable: readonly string[];
  /** True when each tenant has a database or schema of its own, so that no model needs the tenant field. */
  readonly isSeparate: boolean;
  /** True when the client leaves a field out of every result of a delegate. */
  readonly isOmitted: (property: string, field: string) => boolean;
}

/**
 * Every model is either a tenant's, because it has the tenant field, or named in `shared`. Nothing is unclassified.
 *
 * @throws `scope_misconfigured` naming the model and the fix.
 */
export function classify(schema: Schema, classification: Classification): readonly ScopedModel[] {
  const { tenantField, shared, writable, isSeparate, isOmitted } = classification;
  for (const name of shared) checkShared(schema, name, tenantField);
  for (const name of writable) {
    if (shared.includes(name)) continue;
    throw misconfigured(
      `tenantScoped: writable names ${JSON.stringify(name)}, which is not named in shared. Only a shared model needs it: a tenant always ` +
        'writes to its own rows.',
    );
  }
  const models = new Map<string, Draft>();
  for (const model of schema.models.values()) {
    const field = model.fields.find(({ name }) => name === tenantField);
    if (!field && !isSeparate && !shared.includes(model.name)) {
      throw misconfigured(
        `tenantScoped: the model ${model.name} has no field ${tenantField} and is not named in shared. Add the field if its rows ` +
          `belong to tenants, or add ${JSON.stringify(model.name)} to shared if every tenant may read all of them.`,
      );
    }
    if (field) checkTenantField(model, field);
    const property = model.name.replace(/^./, (first) => first.toLowerCase());
    models.set(model.name, {
      name: model.name,
      property,
      isTenantOmitted: isOmitted(property, tenantField),
      tenantField: field ? tenantField : null,
      tenantType: field?.nativeType?.toLowerCase() ?? null,
      isWritable: field !== undefined || writable.includes(model.name) || (isSeparate && !shared.includes(model.name)),
      fields: new Map(),
      keys: model.keys.map(({ name, fields }) => ({
        name,
        columns: fields.filter((column) => column !== tenantField),
        hasTenant: fields.length > 1 && fields.includes(tenantField),
      })),
      dependents: [],
    });
  }
  for (const model of schema.models.values()) addRelations(schema, models, model);
  for (const model of schema.models.values()) linkInverses(schema, models, model);
  for (const model of schema.models.values()) addScalars(models, model);
  return [...models.values()];
}

/** A model while it is built: relations need the models at both ends. */
interface Draft extends ScopedModel {
  readonly fields: Map<string, ScopedField>;
  readonly dependents: ScopedRelation[];
}
type DraftRelation = { -readonly [Key in keyof ScopedRelation]: ScopedRelation[Key] };

function checkShared(schema: Schema, name: string, tenantField: string): void {
  const model = schema.models.get(name);
  if (!model)
    throw misconfigured(`tenantScoped: shared names ${JSON.stringify(name)}, which is no model. Correct or remove it.`);
  if (model.fields.some((field) => field.name === tenantField)) {
    throw misconfigured(
      `tenantScoped: shared names ${name}, which has the field ${tenantField} and so belongs to tenants. Remove it from shared.`,
    );
  }
}

function checkTenantField(model: SchemaModel, field: SchemaField): void {
  if (field.type !== 'String' || field.isList) {
    throw misconfigured(
      `tenantScoped: ${model.name}.${field.name} must be a String, because a tenant's id is one. Change its type.`,
    );
  }
  if (!field.isRequired) {
    throw misconfigured(
      `tenantScoped: ${model.name}.${field.name} is optional, and a row without a tenant is nobody's. Remove the \`?\`.`,
    );
  }
  // Two tenants whose ids differ in upper and lower case alone would be one to such a column.
  if (field.nativeType?.toLowerCase() === 'citext') {
    throw misconfigured(
      `tenantScoped: ${model.name}.${field.name} ignores upper and lower case (@db.Citext). Use @db.Text.`,
    );
  }
}

function addRelations(schema: Schema, models: ReadonlyMap<string, Draft>, { name, fields }: SchemaModel): void {
  const of = models.get(name) as Draft;
  for (const field of fields) {
    if (field.kind !== 'relation' || !field.relation) continue;
    const to = models.get(field.type) as Draft;
    const other = inverseOf(schema, name, field);
    const holdsKey = field.relation.fields.length > 0;
    const key = holdsKey ? field.relation : (other.relation ?? field.relation);
    const [holder, referred] = holdsKey ? [of, to] : [to, of];
    const tenantAt = holder.tenantField === null ? -1 : key.fields.indexOf(holder.tenantField);
    const relation: Omit<DraftRelation, 'inverse'> = {
      kind: 'relation',
      name: field.name,
      of,
      to,
      isList: field.isList,
      isRequired: field.isRequired,
      isManyToMany: key.fields.length === 0,
      holdsKey,
      key: { fields: key.fields, references: key.references },
      keyHasTenant: tenantAt >= 0,
      comparesTenant: tenantAt >= 0 && key.references[tenantAt] === referred.tenantField,
      cascades: key.onDelete === 'Cascade',
      follows: isAction(key.onUpdate),
    };
    if (!schema.hasForeignKeys && holdsKey && to.isWritable) checkEmulated(relation, key);
    of.fields.set(field.name, relation as DraftRelation);
    // Links are in a table of Prisma's own, whose rows go with the row at either end.
    const isDependent = relation.isManyToMany ? to.tenantField !== null : !holdsKey && isAction(key.onDelete);
    if (isDependent) of.dependents.push(relation as DraftRelation);
  }
}

/** Prisma takes the values of each column of a key by itself (`"a" in (…) and "b" in (…)`, as of 7.10): so it reaches rows of others. */
function checkEmulated(
  { of, name, key, comparesTenant }: Omit<DraftRelation, 'inverse'>,
  { onDelete, onUpdate }: { readonly onDelete: string | null; readonly onUpdate: string | null },
): void {
  if (of.tenantField === null || comparesTenant || key.fields.length < 2) return;
  if (!isAction(onDelete) && !isAction(onUpdate)) return;
  throw misconfigured(
    `tenantScoped: with relationMode = "prisma", Prisma itself changes the rows of ${of.name} whose ${name} is deleted or gets another key, and ` +
      `of a key of several columns (${key.fields.join(', ')}) without the tenant it changes other tenants' as well. Put ${of.tenantField} into ` +
      'the key at both ends, or write `onDelete: Restrict, onUpdate: Restrict`.',
  );
}

function linkInverses(schema: Schema, models: ReadonlyMap<string, Draft>, { name, fields }: SchemaModel): void {
  for (const field of fields) {
    if (field.kind !== 'relation') continue;
    const relation = models.get(name)?.fields.get(field.name) as DraftRelation;
    relation.inverse = models.get(field.type)?.fields.get(inverseOf(schema, name, field).name) as ScopedRelation;
  }
}

function addScalars(models: ReadonlyMap<string, Draft>, { name: modelName, fields }: SchemaModel): void {
  const model = models.get(modelName) as Draft;
  const relations = [...model.fields.values()].filter((field) => field.kind === 'relation');
  const links = relations.filter(({ isManyToMany, to }) => isManyToMany && to.tenantField !== null);
  const [primary] = model.keys;
  for (const { name, kind, type, isList, isRequired, hasDefault } of fields) {
    if (kind !== 'scalar') continue;
    const scalar: ScopedScalar = {
      kind: 'scalar',
      name,
      type,
      isList,
      isRequired,
      isNullByDefault: !isRequired && !hasDefault,
      keyOf: relations.filter(({ holdsKey, key }) => holdsKey && key.fields.includes(name)),
      unchecked: relations.filter(
        ({ holdsKey, key, comparesTenant, to }) =>
          holdsKey && key.fields.includes(name) && !comparesTenant && to.tenantField !== null,
      ),
      followers: [
        ...backRelations(model, name).filter((relation) => followsOutside(relation, name, new Set())),
        // The table of a many-to-many relation refers to the primary key, which is one column.
        ...(primary?.columns.includes(name) ? links : []),
      ],
      disturbed: disturbedBy(model, name, new Set()),
    };
    model.fields.set(name, scalar);
  }
}

/** The relations by which rows of other models, or of the same, follow a column when it changes. */
function backRelations({ fields }: ScopedModel, column: string): readonly ScopedRelation[] {
  return [...fields.values()].filter(
    (field): field is ScopedRelation =>
      field.kind === 'relation' && !field.holdsKey && field.follows && field.key.references.includes(column),
  );
}

/** The column of a foreign key that refers to another. */
function referring({ key }: ScopedRelation, column: string): string {
  return key.fields[key.references.indexOf(column)] as string;
}

/** True when a change of the column reaches rows of other tenants by the relation, or by what follows those that follow. */
function followsOutside(relation: ScopedRelation, column: string, seen: Set<ScopedRelation>): boolean {
  if (!relation.comparesTenant) return true;
  if (seen.has(relation)) return false;
  seen.add(relation);
  const next = referring(relation, column);
  return backRelations(relation.to, next).some((each) => followsOutside(each, next, seen));
}

function disturbedBy(model: ScopedModel, column: string, seen: Set<ScopedRelation>): readonly Disturbed[] {
  return backRelations(model, column).flatMap((back) => {
    if (seen.has(back)) return [];
    seen.add(back);
    const next = referring(back, column);
    const changed = [...back.to.fields.values()].filter(
      (each): each is ScopedRelation =>
        each.kind === 'relation' &&
        each !== back.inverse &&
        each.holdsKey &&
        !each.comparesTenant &&
        each.to.tenantField !== null &&
        each.key.fields.includes(next) &&
        !followsToo(each, next, back, column),
    );
    return [...changed.map((relation) => ({ relation, column: next })), ...disturbedBy(back.to, next, seen)];
  });
}

/** True when the row that a relation refers to follows the same column, so that it stays the same row. */
function followsToo({ to, key }: ScopedRelation, changed: string, back: ScopedRelation, column: string): boolean {
  const referred = key.references[key.fields.indexOf(changed)] as string;
  return backRelations(back.of, column).some((each) => each.to === to && referring(each, column) === referred);
}

function inverseOf(schema: Schema, model: string, { type, name, relation }: SchemaField): SchemaField {
  const other = schema.models
    .get(type)
    ?.fields.find(
      (field) =>
        field.relation?.name === relation?.name && field.type === model && !(type === model && field.name === name),
    );
  if (!other)
    throw misconfigured(
      `tenantScoped: the relation ${model}.${name} has no other side in the schema. Run \`prisma generate\`.`,
    );
  return other;
}

function isAction(action: string | null): boolean {
  return action !== 'Restrict' && action !== 'NoAction';
}
