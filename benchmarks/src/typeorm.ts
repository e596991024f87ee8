import { scopeBenchmark } from './scope-benchmark.js';
import type { Work } from './typeorm/client.js';

export const typeorm = scopeBenchmark<Work>('typeorm', [
  'find',
  'findOne',
  'relations',
  'builder',
  'insert',
  'update',
  'find@20',
  'find@100',
]);
