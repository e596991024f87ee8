import type { ClientBase } from 'pg';
import { quoteQualified } from '../../policies/quoting.js';
import { type AddColumn, addColumnName, addColumnSteps } from './add-column.js';
import { type AddForeignKey, addForeignKeySteps } from './add-foreign-key.js';
import { type ChangeType, changeTypeSteps } from './change-type.js';
import { type CreateIndex, createIndexSteps } from './create-index.js';
import { type DropTrigger, dropTriggerSteps } from './drop-trigger.js';
import { changeId } from './names.js';
import { finishRenameSteps, type RenameColumn, renameColumnSteps, renameName } from './rename-column.js';
import type { Step } from './step.js';

/** A change to be made, as `addColumn` and its like return it. */
export type Change = AddColumn | DropTrigger | CreateIndex | AddForeignKey | ChangeType | RenameColumn;

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
  }
}
