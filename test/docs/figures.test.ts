import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { recordedRows } from '../../benchmarks/src/charts/recorded.ts';
import { pages } from './blocks.ts';
import { root } from './repository.ts';

const read = (file: string) => readFileSync(join(root, file), 'utf8');
const results = read('benchmarks/RESULTS.md');

/** A ratio as pages say it, or a time in its unit. */
type Said = 'ratio' | 'whole' | 'ms' | 'ms.1' | 's' | 's.1' | 's.2';

const spoken: Readonly<Record<Said, (median: number) => string>> = {
  ratio: (median) => median.toFixed(2),
  whole: (median) => median.toFixed(0),
  ms: (median) => `${median.toFixed(0)} ms`,
  'ms.1': (median) => `${median.toFixed(1)} ms`,
  s: (median) => `${median.toFixed(0)} s`,
  's.1': (median) => `${median.toFixed(1)} s`,
  's.2': (median) => `${median.toFixed(2)} s`,
};

type Figure = readonly [benchmark: string, name: string, against: string, metric: string, said: Said];

/** Figures of a line: the page, how the line begins, and the rows that it repeats, in its order. */
const LINES: readonly (readonly [page: string, line: string, figures: readonly Figure[]])[] = [
  ...(
    [
      ['| `@tenancy/core`, subdomain  ', 'subdomain', 'bare'],
      ['| `@tenancy/core`, subdomain and token', 'subdomain+jwt', 'bare+verify'],
      ['against one that was parsed once', 'subdomain+jwt', 'bare+verify(key)'],
      ['| a raw `AsyncLocalStorage`', 'als-hook', 'bare'],
      ['| nestjs-cls 7', 'nestjs-cls', 'bare'],
      ['| a request-scoped provider', 'request-scoped', 'bare'],
    ] as const
  ).map(([line, name, against]) => {
    const on = (adapter: string): Figure => ['http', `${name}/${adapter}`, `${against}/${adapter}`, 'cpu', 'ratio'];
    return ['README.md', line, [on('express'), on('fastify')]] as const;
  }),
  ...(
    [
      ['| `createTenantPool`, row-level', 'bound', ['by-key', '100-rows']],
      ['| the same, where one tenant', 'bound', ['one-tenant']],
      ['| a session-level setting', 'session', ['by-key', '100-rows']],
      ["| Prisma's own recipe", 'extension', ['by-key', '100-rows']],
    ] as const
  ).map(([line, name, shapes]) => {
    const figures = shapes.map(
      (shape): Figure => ['floor', `${name}/prisma/${shape}`, `where/prisma/${shape}`, 'throughput', 'ratio'],
    );
    return ['README.md', line, figures] as const;
  }),
  ...waits('docs/changes.md', 'stalls', '5,000,000 rows', [
    ['| `change(addColumn)`', 'change(addColumn)', ['s', 's.2', 'ms', 'ms.1']],
    ['| `ADD COLUMN … NOT NULL', 'ADD COLUMN … DEFAULT', ['s', 's', 's', 's']],
    ['| `ADD COLUMN`, `UPDATE`', 'ADD, UPDATE, SET NOT NULL', ['s', 's', 's', 's']],
    ['| `change(createIndex)`', 'change(createIndex)', ['s.1', 's.2', 'ms.1', 'ms.1']],
    ['| `CREATE INDEX`', 'CREATE INDEX', ['s.1', 's.1', 's.1', 's.1']],
  ]),
  ...waits('docs/adopting-a-database.md', 'adopt', '1,000,000 rows', [
    ['| `adopt`', 'adopt', ['s', 's.2', 'ms', 'ms.1']],
    ['| `ADD COLUMN`', 'ADD, UPDATE, UNIQUE, CREATE POLICY', ['s', 's', 's', 's']],
  ]),
  [
    'docs/moving-a-tenant.md',
    'With 100,000 rows',
    [
      ['move', 'the stop, 100,000 rows', '', 'worst-ms', 's.2'],
      ['move', 'writers of others, 100,000 rows', '', 'worst-ms', 'ms'],
    ],
  ],
  [
    'docs/outgrowing-one-server.md',
    '| migrations',
    [
      ['migrate', 'nothing to do, 1000 schemas', '', 'seconds', 's.2'],
      ['migrate', 'light, 1000 schemas', 'loop', 'throughput', 'whole'],
    ],
  ],
  [
    'docs/outgrowing-one-server.md',
    'Entrances cost the same',
    [
      ['http', 'subdomain, 100000 tenants/express', 'subdomain, 10 tenants/express', 'cpu', 'ratio'],
      ['http', 'subdomain, 100000 tenants/fastify', 'subdomain, 10 tenants/fastify', 'cpu', 'ratio'],
    ],
  ],
];

/** Lines of a table that says how long something took, and the worst, the 99th percentile and the median of what writers waited. */
function waits(
  page: string,
  benchmark: string,
  size: string,
  lines: readonly (readonly [line: string, name: string, said: readonly [Said, Said, Said, Said]])[],
): readonly (readonly [string, string, readonly Figure[]])[] {
  return lines.map(([line, name, said]) => [
    page,
    line,
    ['seconds', 'worst-ms', 'p99-ms', 'p50-ms'].map(
      (metric, at): Figure => [benchmark, `${name}, ${size}`, '', metric, said[at] as Said],
    ),
  ]);
}

/** Recorded in milliseconds, and said in seconds where there are many. */
function saidOf([benchmark, name, against, metric, said]: Figure): string {
  const row = recordedRows(results, benchmark).find(
    (one) => one.case === name && one.against === against && one.metric === metric,
  );
  if (!row) throw new Error(`RESULTS.md has no ${metric} of ${name} against ${against} in ${benchmark}.`);
  return spoken[said](said.startsWith('s') && metric.endsWith('-ms') ? row.median / 1_000 : row.median);
}

describe('a figure that a page repeats is the one that a command has recorded', () => {
  it.each(LINES)('%s: %s', (page, begins, figures) => {
    const lines = read(page)
      .split('\n')
      .filter((line) => line.startsWith(begins));
    expect(lines).toHaveLength(1);
    let rest = (lines[0] as string).slice(begins.length);
    for (const figure of figures) {
      const said = saidOf(figure);
      const at = rest.search(new RegExp(`(?<![\\d.])${said.replaceAll('.', '\\.')}(?![\\d.]*\\d)`));
      expect(at, `${said} in: ${rest}`).toBeGreaterThanOrEqual(0);
      rest = rest.slice(at + said.length);
    }
  });
});

it.each(
  pages.filter((page) => /benchmarks\/RESULTS\.md/.test(read(page)) && !/^(?:CHANGELOG|CONTRIBUTING)/.test(page)),
)('%s names the command that measures its figures again', (page) => {
  expect(read(page)).toMatch(/pnpm@12 (?:bench|--filter benchmarks plot:)/);
});
