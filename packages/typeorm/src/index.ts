export {
  type ClassifyEntitiesOptions,
  classifyEntities,
  type EntityClassification,
} from './classification/classify-entities.js';
export {
  EntityClassificationError,
  type EntityClassificationErrorCode,
  isEntityClassificationError,
} from './classification/entity-classification-error.js';
export type {
  ColumnMetadataLike,
  DataSourceLike,
  EntityMetadataLike,
  EntityReference,
} from './classification/entity-metadata.js';
export { TenantColumn, type TenantColumnOptions } from './classification/tenant-column.decorator.js';
export { isTenantScopeError, TenantScopeError, type TenantScopeErrorCode } from './errors/tenant-scope-error.js';
export { type TenantDataSourceFactoryOptions, tenantDataSourceFactory } from './tenant-data-source-factory.js';
export { tenantScoped } from './tenant-scoped.js';
export type { TenantScopedOptions } from './tenant-scoped-options.js';
