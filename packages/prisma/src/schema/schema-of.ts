import { readGeneratedSchema, type TenancySchema } from './generated-schema.js';
import { readSchema } from './read-schema.js';
import type { Schema } from './schema.js';

/**
 * The schema of a client: as the generator wrote it, or else as the client carries it in itself.
 *
 * @throws `scope_misconfigured` when it is missing, unreadable or stale.
 */
export function schemaOf(client: object, generated: TenancySchema | undefined): Schema {
  return generated === undefined ? readSchema(client) : readGeneratedSchema(generated, client);
}
