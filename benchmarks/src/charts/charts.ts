import { drawnBars } from './bars.js';
import { recordedRows } from './recorded.js';

interface Chart {
  readonly benchmark: string;
  readonly metric: 'cpu' | 'throughput';
  readonly heading: string;
  readonly note: string;
  /** The cases that it is compared with. */
  readonly against: RegExp;
}

const CHARTS: readonly Chart[] = [
  {
    benchmark: 'http',
    metric: 'cpu',
    heading: 'CPU time of a request',
    note: 'Against the same Nest application without tenants; with a token, against one that verifies it.',
    against: /^bare/,
  },
  {
    benchmark: 'floor',
    metric: 'throughput',
    heading: 'Queries per second under row-level security',
    note: 'Against an application that writes the WHERE itself.',
    against: /^where/,
  },
  {
    benchmark: 'prisma',
    metric: 'cpu',
    heading: 'CPU time of an operation of a scoped Prisma client',
    note: 'Against the same operation with the tenant written by hand.',
    against: /^where/,
  },
  {
    benchmark: 'typeorm',
    metric: 'cpu',
    heading: 'CPU time of a call of a scoped TypeORM data source',
    note: 'Against the same call with the tenant written by hand.',
    against: /^where/,
  },
  {
    benchmark: 'cache',
    metric: 'cpu',
    heading: "CPU time of a call of a tenant's cache",
    note: 'Against the same cache without tenants.',
    against: /^bare/,
  },
  {
    benchmark: 'message',
    metric: 'cpu',
    heading: 'CPU time of a message between services',
    note: 'Against the same message without a stamp.',
    against: /^bare/,
  },
];

/** The charts of RESULTS.md: the name of each file, and its picture. */
export const chartsOf = (results: string): ReadonlyMap<string, string> =>
  new Map(
    CHARTS.map(({ benchmark, metric, heading, note, against }) => {
      const rows = recordedRows(results, benchmark).filter((row) => row.metric === metric && against.test(row.against));
      if (rows.length === 0) throw new Error(`RESULTS.md has no ${metric} of ${benchmark}.`);
      const isLessBetter = metric === 'cpu';
      return [`benchmark-${benchmark}.svg`, drawnBars({ title: heading, heading, note, isLessBetter }, rows)] as const;
    }),
  );
