import type { CompilePoliciesOptions } from '../../policies/policy-options.js';
import type { AddColumn } from '../plan/add-column.js';
import { isSame } from '../plan/key-catalog.js';
import type { Change } from '../plan/plan-change.js';
import type { TableName } from '../plan/step.js';
import type { Adoption, AdoptStage } from './adoption.js';
import type { RuledTable } from './tenant-rule.js';

/** The changes of a stage, in their order; none where the adoption does not reach it. */
export function changesOf(stage: AdoptStage, tables: readonly RuledTable[], adoption: Adoption): readonly Change[] {
  const { policies, reaches } = adoption;
  if (!reaches(stage)) return [];
  if (stage === 'expand') return expandOf(tables, adoption);
  if (stage === 'keys') return keysOf(tables, adoption);
  if (!policies) return [];
  return stage === 'observe'
    ? openingOf(tables, policies)
    : [...enforcingOf(tables, policies), accessOf(tables, policies)];
}

/** The tenant column of each table, parents first. */
function expandOf(tables: readonly RuledTable[], { type, setting }: Adoption): AddColumn[] {
  return tables.flatMap(({ table, column, rule, parent }) =>
    rule === undefined
      ? []
      : {
          ...{ kind: 'add column', table, column, type, value: rule, notNull: true, setting },
          ...(parent ? { reads: { table: parent.table, column: parent.column } } : {}),
        },
  );
}

/** Unique keys of all tables, then the foreign keys that refer to them. */
function keysOf(tables: readonly RuledTable[], { type, dropOldKeys }: Adoption): Change[] {
  return [
    ...tables.map(({ table, column }): Change => ({ kind: 'adopt keys', table, column, type })),
    ...tables.flatMap(({ table, column, references }): Change[] => {
      const targets = tables.filter((one) => references.some((key) => isSame(key.references, one.table)));
      if (targets.length === 0) return [];
      const named = targets.map((one) => ({ table: one.table, column: one.column }));
      return [{ kind: 'adopt references', table, column, targets: named }];
    }),
    ...(dropOldKeys ? tables.map(({ table, column }): Change => ({ kind: 'drop old keys', table, column })) : []),
  ];
}

/** The roles with their rights, and policies that let everything through. */
function openingOf(tables: readonly RuledTable[], policies: CompilePoliciesOptions): Change[] {
  return [
    { kind: 'adopt roles', table: firstOf(tables), policies },
    ...tables.map(({ table }): Change => ({ kind: 'open policies', table, policies: ofOne(table, policies) })),
  ];
}

function enforcingOf(tables: readonly RuledTable[], policies: CompilePoliciesOptions): Change[] {
  return tables.map(({ table }) => ({ kind: 'enforce policies', table, policies: ofOne(table, policies) }));
}

function accessOf(tables: readonly RuledTable[], policies: CompilePoliciesOptions): Change {
  return { kind: 'adopt access', table: firstOf(tables), policies };
}

/** A table's policies are the same, whatever other tables are in the list. */
function ofOne(table: TableName, { role, adminRole, setting, tables }: CompilePoliciesOptions): CompilePoliciesOptions {
  return {
    role,
    ...(adminRole === undefined ? {} : { adminRole }),
    ...(setting === undefined ? {} : { setting }),
    tables: tables.filter((one) => isSame({ schema: 'public', ...one }, table)),
  };
}

function firstOf([first]: readonly RuledTable[]): TableName {
  if (!first) throw new Error('an adoption has a table at least');
  return first.table;
}
