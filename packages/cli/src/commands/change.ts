import type { Command } from 'commander';
import { addChangeAbandon } from './change-abandon.js';
import { addChangeKinds } from './change-kinds.js';
import { addChangeRun } from './change-run.js';
import { addChangeStatus } from './change-status.js';

/** Adds `tenancy change`, and all kinds of changes below it. */
export function addChange(program: Command, end: (code: number) => void): void {
  const change = program
    .command('change')
    .summary('change a table that is in use, in steps that nobody notices')
    .description('Changes a table that is in use, in steps that nobody notices. Called again, it goes on where it was.')
    .enablePositionalOptions();
  addChangeKinds(change, end);
  addChangeRun(change, end);
  addChangeStatus(change, end);
  addChangeAbandon(change, end);
}
