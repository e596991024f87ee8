export type { Verdict as FuzzVerdict } from './oracle/compared/compare.js';
export { fuzzIsolation, type IsolationFuzzReport } from './oracle/fuzz-isolation.js';
export type { FuzzIsolationOptions } from './oracle/fuzzed/fuzz-options.js';
export type { FuzzedPrismaField, FuzzedPrismaKey, FuzzedPrismaSchema } from './oracle/fuzzed/fuzzed-schema.js';
export {
  type FailedOperation,
  IsolationFuzzError,
  type IsolationFuzzErrorCode,
} from './oracle/fuzzed/isolation-fuzz-error.js';
