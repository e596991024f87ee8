import type { ChangeStatus } from '@tenancy/postgres/changes';
import type { Command } from 'commander';
import type { TenancyConfig } from '../config/tenancy-config.js';
import { EXIT } from '../errors/exit-code.js';
import { explainConnection } from '../errors/explain-connection.js';
import type { Output } from '../output/output.js';
import { textTable } from '../output/text-table.js';
import { counted } from '../output/words.js';
import { addCommonOptions, type CommonFlags, doing } from './common-options.js';
import { connectionOf } from './run-options.js';

interface StatusFlags extends CommonFlags {
  readonly all?: boolean;
}

/** Adds `tenancy change status`. */
export function addChangeStatus(change: Command, end: (code: number) => void): void {
  const command = change
    .command('status')
    .summary('say which changes are under way')
    .description('Says which changes are under way, and changes nothing. Exit code 1 where one is begun and not done.')
    .option('--all', 'those that are done or were given up, too');
  addCommonOptions(command, { hasDirectory: false }).action(doing(status, end, ['connection']));
}

async function status(config: TenancyConfig, { all }: StatusFlags, output: Output): Promise<number> {
  const { changeStatus } = await import('@tenancy/postgres/changes');
  const changes = await changeStatus({ connection: connectionOf(config) }).catch((error: unknown) => {
    throw explainConnection(error);
  });
  const open = changes.filter(({ state }) => state === 'running' || state === 'failed');
  const shown = all ? changes : open;
  for (const { change, ...one } of shown) output.object({ type: 'change', kind: change.kind, ...one });
  output.object({ type: 'status', changes: changes.length, open: open.length });
  output.line(`${counted(changes.length, 'change')}, ${open.length} not done`);
  if (shown.length > 0) output.line(`\n${textTable(['change', 'state', 'steps', 'rows', ''], shown.map(row))}`);
  return open.length === 0 ? EXIT.done : EXIT.failed;
}

function row({ name, state, isActive, steps, done, rows, estimate, error }: ChangeStatus): readonly string[] {
  // A run that was killed leaves `running` behind.
  const words = state === 'running' ? (isActive ? 'at work' : 'stopped') : state;
  const [firstLine = ''] = (error ?? '').split('\n');
  const far = rows === 0 ? '' : `${rows}${estimate === null ? '' : ` of about ${estimate}`}`;
  return [name, words, `${done} of ${steps.length}`, far, firstLine];
}
