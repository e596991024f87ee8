import type { AddForeignKeyOptions, Change, ChangedTable } from '@tenancy/postgres/changes';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { addCommonOptions, type CommonFlags, doing } from './common-options.js';
import { makeChanges } from './make-changes.js';
import { addRunOptions, given, type RunFlags } from './run-options.js';

type Library = typeof import('@tenancy/postgres/changes');

interface KindFlags extends CommonFlags, RunFlags {
  readonly name?: string;
}

/** Adds a command for each kind of change; its flags are the options of the function of that name. */
export function addChangeKinds(change: Command, end: (code: number) => void): void {
  const add = <Flags extends object>(
    name: string,
    summary: string,
    flags: (command: Command) => Command,
    make: (library: Library, flags: Flags) => Change,
  ) => {
    const command = change
      .command(name)
      .summary(summary)
      .description(`${summary[0]?.toUpperCase()}${summary.slice(1)}.`);
    flags(command.requiredOption('--table <name>', 'the table, as `job` or `schema.job`', tableNamed)).option(
      '--change-name <name>',
      'the name under which it is kept (default: made of its kind and what it is about)',
    );
    addCommonOptions(addRunOptions(command), { hasDirectory: false }).action(
      doing<KindFlags & Flags & { readonly changeName?: string }>(
        async (config, given, output) => {
          const library = await import('@tenancy/postgres/changes');
          const { changeName } = given;
          const wanted = { change: make(library, given), ...(changeName === undefined ? {} : { name: changeName }) };
          return makeChanges([wanted], config, given, output);
        },
        end,
        ['connection'],
      ),
    );
  };

  add<{
    table: ChangedTable;
    column: string;
    type: string;
    value?: string;
    default?: string;
    notNull?: boolean;
    keepTrigger?: boolean;
  }>(
    'add-column',
    'add a column, and fill it for the rows that are there',
    (command) =>
      command
        .requiredOption('--column <name>', 'its name')
        .requiredOption('--type <type>', 'its type, as SQL writes it')
        .option('--value <sql>', 'an SQL expression over the row, for rows that are there and those of old code')
        .option('--default <sql>', 'the default, as SQL writes it')
        .option('--not-null', 'no row may be without it in the end')
        .option('--keep-trigger', 'the trigger that fills rows of old code stays')
        .option('--no-keep-trigger', 'the trigger goes when all rows are filled'),
    ({ addColumn }, { table, column, type, value, default: preset, notNull, keepTrigger }) =>
      addColumn({ table, column, type, ...given({ value, default: preset, notNull, keepTrigger }) }),
  );

  add<{
    table: ChangedTable;
    index: string;
    columns?: readonly string[];
    expression?: string;
    unique?: boolean;
    where?: string;
    using?: string;
  }>(
    'create-index',
    'build an index while others write',
    (command) =>
      command
        .requiredOption('--index <name>', 'its name')
        .option('--columns <names>', 'the columns of its key, as `tenant_id,region`', columnsOf)
        .option('--expression <sql>', 'its key as SQL writes it, in place of --columns')
        .option('--unique', 'no two rows may have the same key')
        .option('--where <sql>', 'the condition of its rows')
        .option('--using <method>', 'its method, as gin (default: btree)'),
    ({ createIndex }, { table, index, columns, expression, unique, where, using }) =>
      createIndex({ table, name: index, ...given({ columns, expression, unique, where, using }) }),
  );

  add<{
    table: ChangedTable;
    constraint: string;
    columns: readonly string[];
    references: ChangedTable;
    referenced: readonly string[];
    onDelete?: NonNullable<AddForeignKeyOptions['onDelete']>;
  }>(
    'add-foreign-key',
    'add a foreign key, and validate it while others write',
    (command) =>
      command
        .requiredOption('--constraint <name>', 'its name')
        .requiredOption('--columns <names>', 'the columns that refer, as `tenant_id,company_id`', columnsOf)
        .requiredOption('--references <name>', 'the table that they refer to', tableNamed)
        .requiredOption('--referenced <names>', 'the columns there, as `tenant_id,id`', columnsOf)
        .addOption(
          new Option('--on-delete <action>', 'the rows that refer, when the other one is deleted').choices([
            ...['no action', 'restrict', 'cascade', 'set null', 'set default'],
          ]),
        ),
    ({ addForeignKey }, { table, constraint, columns, references, referenced, onDelete }) =>
      addForeignKey({
        ...{ table, name: constraint, columns, references: { table: references, columns: referenced } },
        ...given({ onDelete }),
      }),
  );

  add<{ table: ChangedTable; column: string; type: string; using?: string }>(
    'change-type',
    'give a column another type, by way of a second column',
    (command) =>
      command
        .requiredOption('--column <name>', 'its name')
        .requiredOption('--type <type>', 'the new type, as SQL writes it')
        .option('--using <sql>', 'an SQL expression over the row, for the new value (default: a cast)'),
    ({ changeType }, { table, column, type, using }) => changeType({ table, column, type, ...given({ using }) }),
  );

  const renaming = (command: Command) =>
    command
      .requiredOption('--from <name>', 'the name that old code knows')
      .requiredOption('--to <name>', 'the name that new code knows');
  add<{ table: ChangedTable; from: string; to: string }>(
    'rename-column',
    'give a column a second name, which old and new code share',
    renaming,
    ({ renameColumn }, { table, from, to }) => renameColumn({ table, from, to }),
  );
  add<{ table: ChangedTable; from: string; to: string }>(
    'finish-rename',
    'end the old name of a column, when no old code runs any more',
    renaming,
    ({ finishRename }, { table, from, to }) => finishRename({ table, from, to }),
  );

  add<{ table: ChangedTable; column: string; of?: string }>(
    'drop-trigger',
    'end the trigger that add-column keeps, when no old code runs any more',
    (command) =>
      command
        .requiredOption('--column <name>', 'the column that it fills')
        .option('--of <name>', 'the name of the change that added the column, where it was given one'),
    ({ dropTrigger }, { table, column, of }) => dropTrigger({ table, column, ...given({ of }) }),
  );
}

/** `job`, or `schema.job`. */
function tableNamed(text: string): ChangedTable {
  const [first = '', second, ...more] = text.split('.');
  if (first !== '' && second === undefined) return { name: first };
  if (first !== '' && second !== '' && second !== undefined && more.length === 0)
    return { schema: first, name: second };
  throw new InvalidArgumentError('Write it as `job` or as `schema.job`, without quotes.');
}

/** `tenant_id,region`. */
function columnsOf(text: string): readonly string[] {
  const names = text.split(',').map((name) => name.trim());
  if (!names.includes('')) return names;
  throw new InvalidArgumentError('Write the names with commas between, as `tenant_id,region`.');
}
