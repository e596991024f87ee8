import type { ImportProgress, ImportTenantOptions, PlaceKind } from '@tenancy/postgres/tenants';
import { type Command, Option } from 'commander';
import type { TenancyConfig } from '../config/tenancy-config.js';
import { EXIT } from '../errors/exit-code.js';
import { explainConnection } from '../errors/explain-connection.js';
import { Interruption } from '../interruption.js';
import type { Output } from '../output/output.js';
import { textTable } from '../output/text-table.js';
import { counted } from '../output/words.js';
import { addCommonOptions, type CommonFlags, doing } from './common-options.js';
import { given } from './run-options.js';
import { directoryOf, placeInWords, placesOf } from './tenants-common.js';

interface ImportFlags extends CommonFlags {
  readonly slug?: string;
  readonly id?: string;
  readonly name?: string;
  readonly plan?: string;
  readonly kind?: PlaceKind;
  readonly server?: string;
  readonly digest?: string;
  readonly dryRun?: boolean;
}

/** Adds `tenancy import`. */
export function addTenantImport(program: Command, end: (code: number) => void): void {
  const command = program
    .command('import')
    .argument('<file>', 'the archive, of `tenancy export`')
    .summary('make a tenant of an archive')
    .description(
      'Makes a tenant of an archive of this installation or another one: all of it, counted and hashed, or nothing. Called again after it was killed, it finishes.',
    )
    .option('--slug <slug>', 'another slug')
    .option('--id <id>', 'another id')
    .option('--name <name>', 'another name for people')
    .option('--plan <plan>', 'another plan')
    .addOption(
      new Option('--kind <kind>', 'the kind of place (default: that of the directory)').choices([
        'rows',
        'schema',
        'database',
      ]),
    )
    .option('--server <server>', 'a server of `places` (default: that of the directory)')
    .option('--digest <digest>', 'take the archive alone that `tenancy export` told this digest of')
    .option('--dry-run', 'read the archive, say what would be imported, and do nothing');
  addCommonOptions(command).action(doing(run, end, []));
}

async function run(config: TenancyConfig, flags: ImportFlags, output: Output, [file = '']: readonly string[]) {
  const { importTenant } = await import('@tenancy/postgres/tenants');
  const { slug, id, name, plan, kind, server, digest, dryRun } = flags;
  const interruption = new Interruption(() =>
    output.note('It ends here, and nothing is left of it. Once more ends it at once.'),
  );
  const options: ImportTenantOptions<unknown> = {
    ...{ directory: directoryOf(config), places: placesOf(config), file, signal: interruption.signal },
    ...{ tenant: given({ slug, id, name, plan }), at: given({ server, kind }), ...given({ digest, dryRun }) },
    onProgress: (progress) => show(progress, output),
  };
  try {
    const { tenant, ...result } = await importTenant(options);
    output.line(
      textTable(
        ['table', 'rows'],
        result.tables.map((table) => [table.name, String(table.rows)]),
      ),
    );
    if (tenant === null) {
      output.object({ type: 'planned', ...result });
      output.line(`${result.slug} would be ${placeInWords(result.place)}`);
    } else {
      output.object({ type: 'imported', tenant, ...result });
      output.line(`${tenant.slug} (${tenant.id}) is active, ${placeInWords(tenant.place)}`);
    }
    return EXIT.done;
  } catch (error) {
    throw explainConnection(error);
  } finally {
    interruption.close();
  }
}

const WORDS: Readonly<Record<ImportProgress['step'], string>> = {
  read: 'the archive is read',
  write: 'rows are written',
  check: 'they are counted, hashed and looked through',
};

function show({ step, table, rows }: ImportProgress, output: Output): void {
  output.object({ type: 'step', step, ...given({ table, rows }) });
  output.note(table === undefined ? WORDS[step] : `  ${table}: ${counted(rows ?? 0, 'row')}`);
}
