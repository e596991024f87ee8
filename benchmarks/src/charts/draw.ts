import { readFile, writeFile } from 'node:fs/promises';
import { chartsOf } from './charts.js';

// `pnpm --filter benchmarks plot:results`: the charts of docs/benchmarks.md, from what RESULTS.md has.
const results = await readFile(new URL('../../RESULTS.md', import.meta.url), 'utf8');
for (const [name, picture] of chartsOf(results)) {
  await writeFile(new URL(`../../../docs/images/${name}`, import.meta.url), picture);
  console.log(`docs/images/${name}`);
}
