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
export type { DataSourceLike, EntityMetadataLike, EntityReference } from './classification/entity-metadata.js';
