import type { Work } from './prisma/case.js';
import { scopeBenchmark } from './scope-benchmark.js';

export const prisma = scopeBenchmark<Work>('prisma', ['findMany', 'findUnique', 'include', 'create', 'nestedCreate']);
