import type { Client } from 'pg';
import { compilePolicies, compileTables } from '../../policies/compile-policies.js';
import type { Chunk } from './chunks.js';
import type { MigrationPolicies } from './migrate-options.js';
import { applyPolicies } from './policies.js';
import { type Contents, heldIn, otherwise, schemaContents } from './schema-policies.js';

/**
 * The policies of a run. After the same migration a tenant's schema has the same tables as another's: what was looked at once is foreseen for the
 * next one, whose policies go into the text of its migrations, with a block that fails where it has others after all (O1).
 */
export class RunPolicies {
  readonly #seen = new Map<string, Contents>();

  constructor(private readonly policies: MigrationPolicies) {}

  /** The statements for a schema after `chunk`; null where they are to be compiled first, as for the database itself. */
  foreseen(schema: string | null, chunk: Chunk): readonly string[] | null {
    const contents = this.#seen.get(keyOf(chunk));
    if (schema === null || contents === undefined) return null;
    const held = heldIn(schema, contents, this.policies);
    return [otherwise(schema, contents, this.policies), ...(held === null ? [] : compileTables(held))];
  }

  /** Foresees nothing after `chunk` until one is looked at again. */
  forget(chunk: Chunk): void {
    this.#seen.delete(keyOf(chunk));
  }

  /**
   * Looks at the tables as the open transaction sees them, and runs their policies in it.
   *
   * @returns what is to be called when it is committed: others leave out what is about the server, and need that it has run
   */
  async apply(client: Client, schema: string | null, chunk: Chunk): Promise<() => void> {
    if (schema === null) {
      await applyPolicies(client, this.policies, schema);
      return () => {};
    }
    const contents = await schemaContents(client, schema, this.policies);
    const held = heldIn(schema, contents, this.policies);
    if (held !== null) await client.query(compilePolicies(held).sql);
    return () => void this.#seen.set(keyOf(chunk), contents);
  }
}

/** Names how far a schema is after a chunk. */
function keyOf(chunk: Chunk): string {
  const last = chunk.kind === 'transaction' ? chunk.parts.at(-1) : chunk;
  return `${last?.done} ${last?.migration.name}`;
}
