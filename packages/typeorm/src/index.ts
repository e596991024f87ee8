export {
  EntityClassificationError,
  type EntityClassificationErrorCode,
  isEntityClassificationError,
} from './errors/entity-classification-error.js';
export { isTenantScopeError, TenantScopeError, type TenantScopeErrorCode } from './errors/tenant-scope-error.js';
export {
  type ClassifyEntitiesOptions,
  classifyEntities,
  type EntityClassification,
} from './schema/classify-entities.js';
export type {
  ColumnMetadataLike,
  DataSourceLike,
  EntityMetadataLike,
  EntityReference,
} from './schema/entity-metadata.js';
export { TenantColumn, type TenantColumnOptions } from './schema/tenant-column.decorator.js';
export { type TenantDataSourceFactoryOptions, tenantDataSourceFactory } from './tenant-data-source-factory.js';
export { tenantScoped } from './tenant-scoped.js';
export type { TenantScopedOptions } from './tenant-scoped-options.js';
