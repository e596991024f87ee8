import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { chartsOf } from '../../benchmarks/src/charts/charts.ts';
import { root } from './repository.ts';

const read = (file: string) => readFileSync(join(root, file), 'utf8');
const charts = [...chartsOf(read('benchmarks/RESULTS.md'))];

it.each(charts)('%s is drawn from what was recorded, and shown', (name, picture) => {
  const file = `docs/images/${name}`;
  // `pnpm --filter benchmarks plot:results` draws them anew.
  expect(existsSync(join(root, file)) && read(file)).toBe(picture);
  expect(read('docs/benchmarks.md')).toContain(`](images/${name})`);
});
