import { writeFile } from 'node:fs/promises';
import { rowsOf, waitsOf } from '../move.js';
import { heading, line } from '../table.js';
import { drawnWaits, said } from '../waits-plot.js';
import { MoveServers, ROWS, WRITERS } from './measure.js';

/** `pnpm --filter benchmarks plot:move`: one move, of which docs/images/move.svg is made. */
const servers = await MoveServers.start();
const moved = await servers.underLoad().finally(() => servers.stop());
console.log([heading('move'), ...rowsOf(moved).map(line)].join('\n'));
const { began, ended, own, others, result } = moved;
const panel = (name: string, samples: typeof own, who: 'own' | 'others', more = '') => {
  const { worst } = waitsOf(moved, who);
  const says = `the longest wait is ${said(worst)}${more}`;
  return { name, says, samples, began, ended, worst, colour: who === 'own' ? '#1f6f43' : '#2c5aa0' };
};
const drawn = drawnWaits(
  {
    title: 'How long writers wait while a tenant is moved to a database on another server',
    heading: `${ROWS.toLocaleString('en')} rows, ${2 * WRITERS} writers: the longest wait under way at each moment`,
    note: 'The move begins and ends at the dashed lines.',
  },
  [
    panel("the tenant's writers", own, 'own', `; writes were refused for ${said(result.stopMillis)}`),
    panel('writers of another tenant', others, 'others'),
  ],
);
await writeFile(new URL('../../../docs/images/move.svg', import.meta.url), drawn);
