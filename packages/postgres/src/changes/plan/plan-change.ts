import type { ClientBase } from 'pg';
import { type AddColumn, addColumnName, addColumnSteps } from './add-column.js';
import { type DropTrigger, dropTriggerSteps } from './drop-trigger.js';
import { changeId } from './names.js';
import type { Step } from './step.js';

/** A change to be made, as `addColumn` and its like return it. */
export type Change = AddColumn | DropTrigger;

/** The name of a change that was given none. */
export function usualName(change: Change): string {
  switch (change.kind) {
    case 'add column':
      return addColumnName(change);
    case 'drop trigger':
      return `drop trigger of ${change.of}`;
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
  }
}
