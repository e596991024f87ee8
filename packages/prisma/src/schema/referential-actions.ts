import type { ReferentialAction, SchemaRelation } from './schema.js';

/** A foreign key as it is declared; the actions are null when they are not. */
export interface DeclaredKey {
  readonly fields: readonly string[];
  readonly references: readonly string[];
  readonly onDelete: string | null;
  readonly onUpdate: string | null;
}

const ACTIONS: readonly string[] = [
  'Cascade',
  'Restrict',
  'NoAction',
  'SetNull',
  'SetDefault',
] satisfies ReferentialAction[];

/**
 * A relation with the actions that hold: Prisma's defaults where none are declared. An action that is not known counts as
 * `Cascade`, the one that reaches furthest.
 */
export function keyRelation(name: string, key: DeclaredKey | null, isRequired: boolean): SchemaRelation {
  if (!key) return { name, fields: [], references: [], onDelete: null, onUpdate: null };
  return {
    name,
    fields: key.fields,
    references: key.references,
    onDelete: action(key.onDelete, isRequired ? 'Restrict' : 'SetNull'),
    onUpdate: action(key.onUpdate, 'Cascade'),
  };
}

function action(declared: string | null, byDefault: ReferentialAction): ReferentialAction {
  if (declared === null) return byDefault;
  return ACTIONS.includes(declared) ? (declared as ReferentialAction) : 'Cascade';
}
