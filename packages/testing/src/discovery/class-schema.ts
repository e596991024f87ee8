import { metadataOf } from './handlers.js';
import type { JsonSchema } from './json-schema.js';
import { standardSchema } from './standard-schema.js';

/** A decorator of class-validator, as it keeps it in a global variable. */
interface Constraint {
  readonly type: string;
  readonly name?: string;
  readonly propertyName: string;
  readonly constraints?: readonly unknown[];
  readonly each?: boolean;
}

interface Storage {
  getTargetValidationMetadatas(
    target: object,
    schema: string,
    always: boolean,
    strictGroups: boolean,
    groups?: string[],
  ): readonly Constraint[];
}

const PRIMITIVES: ReadonlyMap<unknown, JsonSchema> = new Map<unknown, JsonSchema>([
  [String, { type: 'string' }],
  [Number, { type: 'number' }],
  [Boolean, { type: 'boolean' }],
  [Date, { type: 'string', format: 'date-time' }],
]);

const DEPTH = 3;

/** The schema that the class of a parameter gives: one that it carries, or the decorators of class-validator on it. */
export function classSchema(type: unknown, depth = DEPTH): JsonSchema | null {
  if (typeof type !== 'function') return null;
  const primitive = PRIMITIVES.get(type);
  if (primitive) return primitive;
  const { schema } = type as { readonly schema?: unknown };
  return standardSchema(type) ?? standardSchema(schema) ?? validatedSchema(type, depth);
}

function validatedSchema(type: { readonly prototype?: unknown }, depth: number): JsonSchema | null {
  // Without importing it: two copies of it share this too.
  const { classValidatorMetadataStorage: storage } = globalThis as { classValidatorMetadataStorage?: Storage };
  const constraints = storage?.getTargetValidationMetadatas(type, '', false, false) ?? [];
  if (constraints.length === 0 || depth === 0) return null;
  const names = [...new Set(constraints.map(({ propertyName }) => propertyName))];
  const of = (name: string) => constraints.filter(({ propertyName }) => propertyName === name);
  const isOptional = (name: string) => of(name).some((each) => each.type === 'conditionalValidation');
  return {
    type: 'object',
    properties: Object.fromEntries(
      names.map((name) => {
        const declared: unknown = metadataOf('design:type', type.prototype as object, name);
        return [name, propertySchema(of(name), declared, depth)];
      }),
    ),
    required: names.filter((name) => !isOptional(name)),
  };
}

function propertySchema(constraints: readonly Constraint[], declared: unknown, depth: number): JsonSchema {
  const isArray =
    declared === Array ||
    constraints.some(({ each, name = '' }) => each === true || /^(isArray|array[A-Z])/.test(name));
  const own = constraints.filter(({ each }) => isArray !== (each !== true));
  const told: JsonSchema = Object.assign({}, ...own.map(schemaOfConstraint));
  const ofClass = declared === Array ? null : classSchema(declared, depth - 1);
  const isNested = constraints.some(({ type }) => type === 'nestedValidation');
  const one = isNested ? (ofClass ?? { type: 'object' }) : { ...ofClass, ...told };
  if (!isArray) return one;
  const least = constraints.find(({ name }) => name === 'arrayMinSize')?.constraints?.[0];
  return { type: 'array', items: one, ...(typeof least === 'number' && { minItems: least }) };
}

/** Of those that make a difference to an example. */
function schemaOfConstraint({ name, constraints = [] }: Constraint): JsonSchema {
  const [first, second] = constraints;
  const number = (value: unknown) => (typeof value === 'number' ? value : undefined);
  const given = (schema: { readonly [K in keyof JsonSchema]: JsonSchema[K] | undefined }): JsonSchema =>
    Object.fromEntries(Object.entries(schema).filter(([, value]) => value !== undefined));
  switch (name) {
    case 'isString':
      return { type: 'string' };
    case 'isInt':
      return { type: 'integer' };
    case 'isNumber':
      return { type: 'number' };
    case 'isPositive':
      return { type: 'number', exclusiveMinimum: 0 };
    case 'min':
      return given({ minimum: number(first) });
    case 'max':
      return given({ maximum: number(first) });
    case 'isDivisibleBy':
      return given({ multipleOf: number(first) });
    case 'isBoolean':
      return { type: 'boolean' };
    case 'isUuid':
      return { type: 'string', format: 'uuid' };
    case 'isEmail':
      return { type: 'string', format: 'email' };
    case 'isUrl':
      return { type: 'string', format: 'uri' };
    case 'isDate':
    case 'isDateString':
    case 'isIso8601':
      return { type: 'string', format: 'date-time' };
    case 'isEnum':
    case 'isIn':
      return { enum: Object.values((name === 'isIn' ? first : (second ?? first)) ?? {}) };
    case 'equals':
      return { const: first };
    case 'minLength':
      return given({ minLength: number(first) });
    case 'maxLength':
      return given({ maxLength: number(first) });
    case 'isLength':
      return given({ minLength: number(first), maxLength: number(second) });
    case 'matches':
      return first instanceof RegExp ? { pattern: first.source } : {};
    case 'isObject':
      return { type: 'object' };
    default:
      return {};
  }
}
