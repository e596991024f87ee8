import type { JsonSchema } from './json-schema.js';

interface Pipe {
  readonly options?: { readonly optional?: boolean };
  readonly enumType?: Readonly<Record<string, unknown>>;
}

const BY_PIPE: Readonly<Record<string, (pipe: Pipe) => JsonSchema>> = {
  ParseIntPipe: () => ({ type: 'integer' }),
  ParseFloatPipe: () => ({ type: 'number' }),
  ParseBoolPipe: () => ({ type: 'boolean' }),
  ParseUUIDPipe: () => ({ type: 'string', format: 'uuid' }),
  ParseDatePipe: () => ({ type: 'string', format: 'date-time' }),
  ParseArrayPipe: () => ({ type: 'array', items: {} }),
  ParseEnumPipe: ({ enumType = {} }) => ({ enum: valuesOf(enumType) }),
};

/** The schema of what Nest's own pipes let through. */
export function pipeSchema(pipes: readonly unknown[]): JsonSchema | null {
  for (const pipe of pipes) {
    const schema = BY_PIPE[nameOf(pipe)]?.(pipe as Pipe);
    if (schema) return schema;
  }
  return null;
}

/** True when a parameter with these pipes may be left out. */
export function refusesNothing(pipes: readonly unknown[]): boolean {
  for (const pipe of pipes) {
    if (nameOf(pipe) === 'DefaultValuePipe') return true;
    if (nameOf(pipe) in BY_PIPE && (pipe as Pipe).options?.optional !== true) return false;
  }
  return true;
}

function nameOf(pipe: unknown): string {
  return (typeof pipe === 'function' ? pipe.name : (pipe as object | null)?.constructor?.name) ?? '';
}

/** A numeric enumeration of TypeScript has its names among its values. */
function valuesOf(enumeration: Readonly<Record<string, unknown>>): unknown[] {
  return Object.entries(enumeration).flatMap(([name, value]) => (/^\d+$/.test(name) ? [] : [value]));
}
