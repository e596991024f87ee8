import type { Command } from 'commander';
import type { TenancyConfig } from '../config/tenancy-config.js';
import { EXIT } from '../errors/exit-code.js';
import { explainConnection } from '../errors/explain-connection.js';
import { Interruption } from '../interruption.js';
import type { Output } from '../output/output.js';
import { counted } from '../output/words.js';
import { addCommonOptions, type CommonFlags, doing } from './common-options.js';
import { directoryOf, placesOf } from './tenants-common.js';

/** Adds `tenancy export`. */
export function addTenantExport(program: Command, end: (code: number) => void): void {
  addCommonOptions(
    program
      .command('export')
      .argument('<tenant>', 'its id, or a slug that is or was its own')
      .argument('<file>', 'the archive to write, such as acme.zip')
      .summary('write a tenant into an archive')
      .description(
        'Writes a tenant into an archive, as one moment has it, while it is used: its rows, its sequences and its entry in the directory. The file is ' +
          'there when it is whole, and as secret as the rows.',
      ),
  ).action(doing(run, end, []));
}

async function run(
  config: TenancyConfig,
  _flags: CommonFlags,
  output: Output,
  [name = '', file = '']: readonly string[],
) {
  const { exportTenant } = await import('@tenancy/postgres/tenants');
  const [directory, places] = [directoryOf(config), placesOf(config)];
  const { id, slug } = await directory.named(name);
  const interruption = new Interruption(() =>
    output.note('The export ends here, and no file is left. Once more ends it at once.'),
  );
  try {
    const result = await exportTenant({
      ...{ directory, places, tenant: id, file, signal: interruption.signal },
      onProgress: (progress) => {
        output.object({ type: 'table', ...progress });
        output.note(`${progress.table}: ${counted(progress.rows, 'row')}`);
      },
    });
    output.object({ type: 'exported', tenant: id, ...result });
    output.line(
      `${slug} (${id}) is in ${file}: ${counted(result.rows, 'row')} of ${counted(result.tables.length, 'table')}`,
    );
    output.line(`digest ${result.digest}`);
    return EXIT.done;
  } catch (error) {
    throw explainConnection(error);
  } finally {
    interruption.close();
  }
}
