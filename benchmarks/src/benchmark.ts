import type { Ratio } from './paired-ratios.js';

/** One line of the result. */
export interface Row {
  readonly benchmark: string;
  readonly case: string;
  readonly against: string;
  readonly metric:
    | 'cpu'
    | 'throughput'
    | 'bytes'
    | 'p50'
    | 'p99'
    | 'server-cpu'
    | 'seconds'
    | 'worst'
    | 'worst-ms'
    | 'p99-ms'
    | 'p50-ms';
  readonly ratio: Ratio;
  readonly pairs: number;
  readonly node: string;
}

/** One comparison: one file, one name on the command line. */
export interface Benchmark {
  readonly name: string;
  measure(): AsyncIterable<Row>;
}
