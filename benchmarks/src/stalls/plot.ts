import { writeFile } from 'node:fs/promises';
import { recordResults } from '../results.js';
import { rowsOf, waitsOf } from '../stalls.js';
import { heading, line } from '../table.js';
import { drawnWaits, said } from '../waits-plot.js';
import { measured, ROWS, type Run, WRITERS } from './measure.js';
import { adoptions, ways } from './ways.js';

/** `pnpm --filter benchmarks plot:stalls` or `plot:adopt`: one run, of which the image in docs/images and the rows of RESULTS.md are made. */
const name = process.argv[2] === 'adopt' ? 'adopt' : 'stalls';
const runs: Run[] = [];
for await (const run of measured(name === 'adopt' ? adoptions : ways)) runs.push(run);
const rows = rowsOf(name, runs);
console.log([heading(name), ...rows.map(line)].join('\n'));
await writeFile(new URL(`../../../docs/images/${name}.svg`, import.meta.url), drawn(runs));
await recordResults(name, rows);

/** A panel for each way. */
function drawn(all: readonly Run[]): string {
  return drawnWaits(
    {
      title: 'How long writers wait while a table is changed, in each way',
      heading: `${ROWS.toLocaleString('en')} rows, ${WRITERS} writers, a reader: the longest wait under way at each moment`,
      note: 'A change begins and ends at the dashed lines.',
    },
    all.map((run) => {
      const { worst } = waitsOf(run);
      const { samples, began, ended, way } = run;
      return {
        ...{ samples, began, ended, worst, name: way.name, colour: way.isOurs ? '#1f6f43' : '#c0392b' },
        says: `the longest wait of a writer is ${said(worst)}; it takes ${said(ended - began)}`,
      };
    }),
  );
}
