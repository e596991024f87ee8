import type { Work } from './prisma/case.js';
import { scopeBenchmark } from './scope-benchmark.js';

export const prisma = scopeBenchmark<Work>('prisma', [
  'findMany',
  'findUnique',
  'include',
  'create',
  'nestedCreate',
  'findMany@20',
  'findMany@100',
  'findUnique/tick',
  'createMany/1 key',
  'createMany/1000 keys',
]);
