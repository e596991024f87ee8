import type { OptionType } from './declared-options.js';
import type { Table } from './entries.js';
import * as entities from './tables/entity-options.js';
import { expressionMapTable } from './tables/expression-map.js';
import * as options from './tables/options.js';

/** Options of a call beside its method, and of an entity beside its columns. */
export const optionTables: Readonly<Record<OptionType, Table>> = {
  FindOneOptions: options.findOneTable,
  FindManyOptions: options.findManyTable,
  FindOptionsOrderValue: options.orderTable,
  FindTreeOptions: options.treeTable,
  SaveOptions: options.saveTable,
  RemoveOptions: options.removeTable,
  UpsertOptions: options.upsertTable,
  InsertOrUpdateOptions: options.insertOrUpdateTable,
  QueryExpressionMap: expressionMapTable,
  EntitySchemaOptions: entities.entitySchemaTable,
  EntitySchemaColumnOptions: entities.entitySchemaColumnTable,
  EntitySchemaRelationOptions: entities.entitySchemaRelationTable,
  EntityOptions: entities.entityTable,
  ColumnOptions: entities.columnTable,
  RelationOptions: entities.relationTable,
};

/** The find operators. */
export const { operatorTable } = options;
