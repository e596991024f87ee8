import type { JsonSchema } from './json-schema.js';

interface Standard {
  readonly '~standard'?: { readonly jsonSchema?: { input?(options: object): unknown } };
}

/** Of a schema that can say itself as JSON Schema, such as those of zod; or of a class that carries one. */
export function standardSchema(schema: unknown): JsonSchema | null {
  try {
    const standard = (schema as Standard | undefined)?.['~standard'];
    return (standard?.jsonSchema?.input?.({ target: 'draft-2020-12' }) as JsonSchema | undefined) ?? null;
  } catch {
    // Not every schema can be said in it.
    return null;
  }
}
