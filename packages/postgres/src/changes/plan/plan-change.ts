import type { ClientBase } from 'pg';
import { quoteQualified } from '../../policies/quoting.js';
import { type AddColumn, addColumnName, addColumnSteps } from './add-column.js';
import { type AddForeignKey, addForeignKeySteps } from './add-foreign-key.js';
import { type AdoptKeys, adoptKeysSteps, type DropOldKeys, dropOldKeysSteps } from './adopt-keys.js';
import { type AdoptPolicies, adoptPoliciesSteps } from './adopt-policies.js';
import { type AdoptReferences, adoptReferencesSteps } from './adopt-references.js';
import { type ChangeType, changeTypeSteps } from './change-type.js';
import { type CreateIndex, createIndexSteps } from './create-index.js';
import { type DropTrigger, dropTriggerSteps } from './drop-trigger.js';
import { changeId, renameName } from './names.js';
import { finishRenameSteps, type RenameColumn, renameColumnSteps } from './rename-column.js';
import type { Step } from './step.js';

/** A part of what `adopt` does to a table, which it makes itself. */
export type Adopted = AdoptKeys | AdoptReferences | DropOldKeys | AdoptPolicies;

/** A change to be made, as `addColumn` and its like return it. */
export type Change = AddColumn | DropTrigger | CreateIndex | AddForeignKey | ChangeType | RenameColumn | Adopted;

/** The name of a change that was given none. */
export function usualName(change: Change): string {
  switch (change.kind) {
    case 'add column':
      return addColumnName(change);
    case 'drop trigger':
      return `drop trigger of ${change.of}`;
    case 'create index':
    case 'add foreign key':
      return `${change.kind} ${change.name} of ${quoteQualified(change.table)}`;
    case 'change type':
      return `change type of ${quoteQualified(change.table)}.${change.column} to ${change.type}`;
    case 'rename column':
    case 'finish rename':
      return renameName(change);
    case 'adopt keys':
    case 'drop old keys':
    case 'open policies':
    case 'enforce policies':
      return `${change.kind} of ${quoteQualified(change.table)}`;
    case 'adopt references':
      return `${change.kind} of ${quoteQualified(change.table)} to ${change.targets.map(({ table }) => quoteQualified(table)).join(', ')}`;
    // A longer list of tables asks for them once more.
    case 'adopt roles':
    case 'adopt access':
      return `${change.kind} ${changeId(JSON.stringify(change.policies))}`;
  }
}

/** The steps of a change, of which nothing is done yet. */
export function planChange(client: ClientBase, change: Change, name: string): Promise<readonly Step[]> {
  const id = changeId(name);
  switch (change.kind) {
    case 'add column':
      return addColumnSteps(client, change, id);
    case 'drop trigger':
      return dropTriggerSteps(client, change);
    case 'create index':
      return createIndexSteps(client, change, id);
    case 'add foreign key':
      return addForeignKeySteps(client, change);
    case 'change type':
      return changeTypeSteps(client, change, id);
    case 'rename column':
      return renameColumnSteps(client, change);
    case 'finish rename':
      return finishRenameSteps(client, change);
    case 'adopt keys':
      return adoptKeysSteps(client, change, id);
    case 'adopt references':
      return adoptReferencesSteps(client, change);
    case 'drop old keys':
      return dropOldKeysSteps(client, change);
    case 'adopt roles':
    case 'open policies':
    case 'enforce policies':
    case 'adopt access':
      return adoptPoliciesSteps(client, change);
  }
}
