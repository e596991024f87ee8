import type { Command } from 'commander';
import type { TenancyConfig } from '../config/tenancy-config.js';
import { EXIT } from '../errors/exit-code.js';
import { explainConnection } from '../errors/explain-connection.js';
import type { Output } from '../output/output.js';
import { counted } from '../output/words.js';
import { addCommonOptions, type CommonFlags, doing } from './common-options.js';
import { connectionOf } from './run-options.js';

/** Adds `tenancy change abandon`. */
export function addChangeAbandon(change: Command, end: (code: number) => void): void {
  const command = change
    .command('abandon')
    .argument('<name>', 'its name, as `tenancy change status` shows it')
    .summary('give a change up that is not done, and undo its steps')
    .description(
      'Gives a change up that is not done, and undoes its steps: a column that it added goes with its values.',
    );
  addCommonOptions(command, { hasDirectory: false }).action((name: string, flags: CommonFlags, own: Command) =>
    doing<CommonFlags>((config, _, output) => abandon(config, name, output), end, ['connection'])(flags, own),
  );
}

async function abandon(config: TenancyConfig, name: string, output: Output): Promise<number> {
  const { abandonChange } = await import('@tenancy/postgres/changes');
  const undone = await abandonChange({ connection: connectionOf(config), name }).catch((error: unknown) => {
    throw explainConnection(error);
  });
  output.object({ type: 'abandoned', name, undone });
  output.line(`Given up: ${name}, ${counted(undone.length, 'step')} undone.`);
  return EXIT.done;
}
