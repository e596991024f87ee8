import { resolve } from 'node:path';
import type { Change } from '@tenancy/postgres/changes';
import type { Command } from 'commander';
import { loadFile } from '../config/load-config.js';
import type { TenancyConfig } from '../config/tenancy-config.js';
import { CliError } from '../errors/cli-error.js';
import type { Output } from '../output/output.js';
import { addCommonOptions, type CommonFlags, doing } from './common-options.js';
import { makeChanges, type WantedChange } from './make-changes.js';
import { addRunOptions, type RunFlags } from './run-options.js';

interface FileFlags extends CommonFlags, RunFlags {}

/** Adds `tenancy change run`. */
export function addChangeRun(change: Command, end: (code: number) => void): void {
  const command = change
    .command('run')
    .argument('<file>', 'a file whose default export is a change, or a list of them; or the same as JSON')
    .summary('make the changes of a file, which was reviewed')
    .description('Makes the changes of a file, one after the other. Those that are done already are left alone.');
  addCommonOptions(addRunOptions(command), { hasDirectory: false }).action(
    (file: string, flags: FileFlags, own: Command) =>
      doing<FileFlags>((config, given, output) => run(config, file, given, output), end, ['connection'])(flags, own),
  );
}

async function run(config: TenancyConfig, file: string, flags: FileFlags, output: Output): Promise<number> {
  const content = await loadFile(resolve(file));
  const entries: readonly unknown[] = Array.isArray(content) ? content : [content];
  if (entries.length === 0) {
    throw new CliError('config_wrong', `${file} has an empty list. Export a change, as addColumn returns it.`);
  }
  const library = await import('@tenancy/postgres/changes');
  // All of them are looked at before the first is begun.
  const wanted = entries.map((entry, index) => wantedOf(entry, `${file}, change ${index + 1},`, library));
  return makeChanges(wanted, config, flags, output);
}

/** A change, or `{ name, change }`. JSON has no functions, so each is made again by its own, which looks at it. */
function wantedOf(entry: unknown, place: string, library: typeof import('@tenancy/postgres/changes')): WantedChange {
  const makers = {
    'add column': library.addColumn,
    'create index': library.createIndex,
    'add foreign key': library.addForeignKey,
    'change type': library.changeType,
    'rename column': library.renameColumn,
    'finish rename': library.finishRename,
    'drop trigger': library.dropTrigger,
  };
  const { name, change = entry } = (entry ?? {}) as { readonly name?: unknown; readonly change?: unknown };
  const { kind, ...options } = (change ?? {}) as { readonly kind?: unknown };
  const make = Object.hasOwn(makers, String(kind)) ? makers[kind as keyof typeof makers] : undefined;
  if (!make) {
    throw new CliError(
      'config_wrong',
      `${place} is no change. Export what addColumn and its like return; in JSON its \`kind\` is one of ${Object.keys(makers).join(', ')}.`,
    );
  }
  const made = (make as (options: object) => Change)(options);
  return { change: made, ...(change === entry || name === undefined ? {} : { name: name as string }) };
}
