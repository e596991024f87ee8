import type { FuzzedPrismaField, FuzzedPrismaKey, FuzzedPrismaSchema } from '../fuzzed/fuzzed-schema.js';
import { misuse } from '../fuzzed/isolation-fuzz-error.js';

/** A model, prepared for making arguments. */
export interface PrismaModel {
  readonly name: string;
  /** The name of its delegate. */
  readonly property: string;
  readonly scalars: readonly FuzzedPrismaField[];
  readonly relations: readonly PrismaRelation[];
  readonly keys: readonly FuzzedPrismaKey[];
  readonly tenantField: string | null;
}

export interface PrismaRelation {
  readonly name: string;
  readonly to: string;
  readonly relation: string;
  readonly isList: boolean;
  readonly isRequired: boolean;
  readonly isManyToMany: boolean;
  readonly fields: readonly string[];
  readonly references: readonly string[];
}

/** @throws `fuzz_misuse` when the schema has no models, or was written by an earlier generator. */
export function prismaModels(
  { models, keys }: FuzzedPrismaSchema,
  tenantFields: readonly string[],
): ReadonlyMap<string, PrismaModel> {
  if (typeof models !== 'object' || models === null || Object.keys(models).length === 0) {
    throw misuse(
      'the option `schema` has no models. Pass `tenancySchema`, which the generator `tenancy-prisma` writes.',
    );
  }
  if (!keys) {
    throw misuse('the option `schema` has no keys: an earlier `tenancy-prisma` wrote it. Run `prisma generate` again.');
  }
  return new Map(
    Object.entries(models).map(([name, fields]) => [
      name,
      {
        name,
        property: name.replace(/^./, (first) => first.toLowerCase()),
        scalars: fields.filter(({ relation }) => relation === null),
        relations: fields.flatMap((field) => relationOf(field, models)),
        keys: keys[name] ?? [],
        tenantField: tenantFields.find((each) => fields.some((field) => field.name === each)) ?? null,
      },
    ]),
  );
}

function relationOf(field: FuzzedPrismaField, models: FuzzedPrismaSchema['models']): PrismaRelation[] {
  const { name, type, isList, isRequired, relation } = field;
  if (!relation) return [];
  const others = (models[type] ?? []).filter((other) => other !== field && other.relation?.name === relation.name);
  return [
    {
      name,
      to: type,
      relation: relation.name,
      isList,
      isRequired,
      isManyToMany: isList && others.some((other) => other.isList),
      fields: relation.fields,
      references: relation.references,
    },
  ];
}

/** True when this end holds a foreign key that is more than the tenant. */
export function holdsKey({ fields }: PrismaRelation, { tenantField }: PrismaModel): boolean {
  return fields.some((field) => field !== tenantField);
}

/** True when this end is the tenant alone, such as the relation to a model of the tenants. */
export function isTenantAlone({ fields }: PrismaRelation, { tenantField }: PrismaModel): boolean {
  return fields.length > 0 && fields.every((field) => field === tenantField);
}
