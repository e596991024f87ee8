export type { Verdict as FuzzVerdict } from './oracle/compared/compare.js';
export { fuzzIsolation, type IsolationFuzzReport } from './oracle/fuzz-isolation.js';
export type { FuzzIsolationOptions } from './oracle/fuzz-options.js';
export {
  type FailedOperation,
  IsolationFuzzError,
  type IsolationFuzzErrorCode,
} from './oracle/isolation-fuzz-error.js';
export type { FuzzedPrismaField, FuzzedPrismaKey, FuzzedPrismaSchema } from './oracle/prisma/fuzzed-schema.js';
