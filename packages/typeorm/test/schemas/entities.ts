import type { EntitySchema, EntitySchemaColumnOptions, EntitySchemaRelationOptions } from 'typeorm';
import type { Dice } from '../../../../test/oracle/dice.js';
import {
  type Field,
  fieldOf,
  type Model,
  modelOf,
  primaryKey,
  type RandomSchema,
} from '../../../../test/oracle/schema.js';
import type { Dialect } from '../../../../test/oracle/sql.js';

export type Entity = EntitySchema<Record<string, unknown>>;

/** The entities of a schema. The tables are made by SQL of the oracle's own. */
export function entitiesOf(
  Schema: typeof EntitySchema,
  schema: RandomSchema,
  dialect: Dialect,
  dice: Dice,
): readonly Entity[] {
  const traits = relationTraits(schema, dice);
  return schema.models.map((model) => {
    const columns = Object.fromEntries(model.fields.map((field) => [field.name, columnOf(model, field, dialect)]));
    const relations: Record<string, EntitySchemaRelationOptions> = {};
    for (const relation of schema.relations) {
      const { holder, referred, field, backField, isOneToOne, isRequired, name } = relation;
      const { cascade, backCascade, orphanedRowAction } = traits.get(name) as RelationTraits;
      if (holder === model.name) {
        const to = modelOf(schema, referred);
        relations[field] = {
          type: isOneToOne ? 'one-to-one' : 'many-to-one',
          target: referred,
          inverseSide: backField,
          joinColumn: relation.columns.map((column, index) => ({
            name: fieldOf(model, column).column,
            referencedColumnName: fieldOf(to, relation.references[index] as string).name,
          })),
          // Required all the way round is refused by TypeORM.
          nullable: !isRequired || schema.models.indexOf(to) >= schema.models.indexOf(model),
          cascade: [...cascade],
          ...(orphanedRowAction && { orphanedRowAction }),
        };
      }
      if (referred === model.name) {
        relations[backField] = {
          type: isOneToOne ? 'one-to-one' : 'one-to-many',
          target: holder,
          inverseSide: field,
          cascade: [...backCascade],
        };
      }
    }
    for (const { table, a, b } of schema.links) {
      if (a.model === model.name) {
        relations[a.field] = {
          type: 'many-to-many',
          target: b.model,
          inverseSide: b.field,
          joinTable: { name: table, joinColumn: { name: 'A' }, inverseJoinColumn: { name: 'B' } },
        };
      }
      if (b.model === model.name) relations[b.field] = { type: 'many-to-many', target: a.model, inverseSide: a.field };
    }
    const [ordered] = model.fields.filter(({ type }) => type === 'String' || type === 'Int');
    return new Schema<Record<string, unknown>>({
      name: model.name,
      tableName: model.table,
      columns: columns as never,
      relations: relations as never,
      uniques: model.keys.slice(1).map(({ fields }) => ({ columns: [...fields] })),
      ...(model.hasDefaultOrder && ordered && { orderBy: { [ordered.name]: 'ASC' } }),
    });
  });
}

type Cascade = 'insert' | 'update' | 'remove';

interface RelationTraits {
  readonly cascade: readonly Cascade[];
  readonly backCascade: readonly Cascade[];
  readonly orphanedRowAction: 'nullify' | 'delete' | 'disable' | undefined;
}

function relationTraits({ relations }: RandomSchema, dice: Dice): ReadonlyMap<string, RelationTraits> {
  return new Map(
    relations.map(({ name }) => [
      name,
      {
        // Both ways TypeORM refuses to cascade a removal.
        cascade: dice.chance(0.4) ? (['insert', 'update'] as const) : [],
        backCascade: dice.pick([[], ['insert', 'update'], ['insert', 'update', 'remove']] as const),
        orphanedRowAction: dice.pick([undefined, undefined, 'nullify', 'delete', 'disable'] as const),
      },
    ]),
  );
}

function columnOf(model: Model, field: Field, dialect: Dialect): EntitySchemaColumnOptions {
  return {
    name: field.column,
    type: columnType(field, dialect) as never,
    primary: primaryKey(model).fields.includes(field.name),
    nullable: !field.isRequired,
    ...(field.default !== null && { default: field.default }),
    ...(field.type === 'Enum' && { enum: ['red', 'green', 'blue'], enumName: 'unused' }),
    ...(field.type === 'Decimal' && { precision: 20, scale: 5 }),
  };
}

function columnType({ type }: Field, dialect: Dialect): string {
  const isPostgres = dialect === 'postgresql';
  const types: Readonly<Record<Field['type'], string>> = {
    String: dialect === 'mariadb' ? 'varchar' : 'text',
    Int: 'int',
    BigInt: 'bigint',
    Float: isPostgres ? 'double precision' : 'double',
    Decimal: 'decimal',
    Boolean: 'boolean',
    DateTime: isPostgres ? 'timestamp' : 'datetime',
    Json: isPostgres ? 'jsonb' : 'simple-json',
    Bytes: isPostgres ? 'bytea' : 'blob',
    Uuid: isPostgres ? 'uuid' : 'varchar',
    Enum: dialect === 'sqlite' ? 'simple-enum' : 'enum',
  };
  return types[type];
}
