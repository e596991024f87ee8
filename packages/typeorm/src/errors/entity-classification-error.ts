import { AdapterError, isBranded } from '@tenancy/core/adapter';

const BRAND = Symbol.for('@tenancy/typeorm:error');

/**
 * - `data_source_not_initialized`: TypeORM builds its metadata when a data source is initialised, and there is none yet.
 * - `entity_unclassified`: an entity is neither a tenant's nor shared.
 * - `shared_invalid`: `shared` names what is no entity, or an entity that belongs to tenants.
 */
export type EntityClassificationErrorCode = 'data_source_not_initialized' | 'entity_unclassified' | 'shared_invalid';

/** An invalid classification: `message` names the entity and the fix. */
export class EntityClassificationError extends AdapterError<EntityClassificationErrorCode> {
  readonly [BRAND] = true;
  override readonly name = 'EntityClassificationError';

  constructor(code: EntityClassificationErrorCode, explanation: string) {
    super(code, `classifyEntities: ${explanation}`);
  }
}

/** True when `error` is an {@link EntityClassificationError} (of `code`, when given), whichever copy of the package made it. */
export function isEntityClassificationError(
  error: unknown,
  code?: EntityClassificationErrorCode,
): error is EntityClassificationError {
  return isBranded(error, BRAND, code);
}
