import type { MoveProgress, MoveResult, PlaceKind } from '@tenancy/postgres/tenants';
import { type Command, Option } from 'commander';
import type { TenancyConfig } from '../config/tenancy-config.js';
import { CliError } from '../errors/cli-error.js';
import { EXIT } from '../errors/exit-code.js';
import { explainConnection } from '../errors/explain-connection.js';
import { Interruption } from '../interruption.js';
import type { Output } from '../output/output.js';
import { textTable } from '../output/text-table.js';
import { counted } from '../output/words.js';
import { addCommonOptions, type CommonFlags, doing, numberFrom } from './common-options.js';
import { given } from './run-options.js';
import { directoryOf, placesOf } from './tenants-common.js';

interface MoveFlags extends CommonFlags {
  readonly toKind?: PlaceKind;
  readonly toServer?: string;
  readonly longestStop?: number;
  readonly finish?: boolean;
  readonly abandon?: boolean;
  readonly dryRun?: boolean;
}

/** Adds `tenancy move`. */
export function addMove(program: Command, end: (code: number) => void): void {
  const command = program
    .command('move')
    .argument('<tenant>', 'its id, or a slug that is or was its own')
    .summary('bring a tenant to another place while it is used')
    .description(
      "Brings a tenant's rows to another place while it is used: beside others', into a schema or a database of its own, on another server. " +
        'Called again, it goes on where it was. What is at the old place stays there until --finish.',
    )
    .addOption(new Option('--to-kind <kind>', 'the kind of the new place').choices(['rows', 'schema', 'database']))
    .option('--to-server <server>', 'its server (default: that of now)')
    .option('--longest-stop <ms>', "time for which the tenant's writes are refused", numberFrom(1, 2 ** 31 - 1))
    .addOption(new Option('--finish', 'remove what is at the old place').conflicts(['toKind', 'abandon', 'dryRun']))
    .addOption(new Option('--abandon', 'take everything back').conflicts(['toKind', 'dryRun']))
    .option('--dry-run', 'look at what would refuse it, say which rows there are, and do nothing');
  addCommonOptions(command).action(doing(move, end, []));
}

async function move(config: TenancyConfig, flags: MoveFlags, output: Output, [name = '']: readonly string[]) {
  const { abandonMove, finishMove, moveTenant } = await import('@tenancy/postgres/tenants');
  const [directory, places] = [directoryOf(config), placesOf(config)];
  const { toKind: kind, toServer, longestStop: longestStopMillis, dryRun } = flags;
  const { id, slug, place } = await directory.named(name);
  const interruption = new Interruption(() =>
    output.note('The move ends after the step under way. Once more ends it at once.'),
  );
  const options = { directory, places, tenant: id, signal: interruption.signal };
  const done = (type: string, words: string, more: object = {}) => {
    output.object({ type, tenant: id, ...more });
    output.line(`${slug} (${id}) ${words}`);
  };
  try {
    if (flags.finish) {
      await finishMove(options);
      done('finished', 'is in its new place alone');
    } else if (flags.abandon) {
      await abandonMove(options);
      done('abandoned', 'is where it was, and nowhere else');
    } else {
      if (kind === undefined) throw new CliError('wrong_use', 'it is unknown where to. Say --to-kind schema, for one.');
      const to = { server: toServer ?? place.server, kind };
      const onProgress = (progress: MoveProgress) => show(progress, output);
      const result = await moveTenant({ ...options, to, onProgress, ...given({ longestStopMillis, dryRun }) });
      if (!output.isJson) output.line(textTable(['table', 'rows'], rowsOf(result)));
      if (dryRun) done('planned', `would be moved to ${result.to.server}: ${named(result.to)}`, result);
      else done('moved', movedTo(result), result);
    }
    return EXIT.done;
  } catch (error) {
    throw explainConnection(error);
  } finally {
    interruption.close();
  }
}

function movedTo({ to, rounds, stopMillis }: MoveResult): string {
  return (
    `is on ${to.server}: ${named(to)}. Its writes were refused for ${stopMillis} ms at the most, after ${counted(rounds, 'round')}.\n` +
    'What is at the old place stays there, and nobody writes to it, until `tenancy move --finish`.'
  );
}

function named({ kind, name }: MoveResult['to']): string {
  return name === null ? kind : `${kind} ${name}`;
}

function rowsOf({ tables }: MoveResult): string[][] {
  return tables.map(({ name, rows }) => [name, String(rows)]);
}

const WORDS: Readonly<Record<MoveProgress['step'], string>> = {
  make: 'the new place is made',
  copy: 'all rows are copied',
  'catch-up': 'rows that were written meanwhile are copied',
  check: 'both sides are compared',
  stop: 'writes are refused for a moment',
  settle: 'the tenant is in its new place, and the last statements at the old one end',
};

function show({ step, table, rows }: MoveProgress, output: Output): void {
  output.object({ type: 'step', step, ...given({ table, rows }) });
  if (table !== undefined) output.note(`  ${table}: ${counted(rows ?? 0, 'row')}`);
  else output.note(rows === undefined ? WORDS[step] : `${WORDS[step]}: ${rows}`);
}
