import { parseArgs } from 'node:util';
import type { Benchmark, Row } from './benchmark.js';
import { cache } from './cache.js';
import { deletion } from './delete.js';
import { floor } from './floor.js';
import { http } from './http.js';
import { message } from './message.js';
import { migrate } from './migrate.js';
import { move } from './move.js';
import { prisma } from './prisma.js';
import { provision } from './provision.js';
import { queue } from './queue.js';
import { recordResults } from './results.js';
import { socket } from './socket.js';
import { adoption, stalls } from './stalls.js';
import { heading, line } from './table.js';
import { typeorm } from './typeorm.js';

const benchmarks: readonly Benchmark[] = [
  http,
  floor,
  prisma,
  typeorm,
  cache,
  queue,
  message,
  socket,
  migrate,
  stalls,
  adoption,
  provision,
  move,
  deletion,
];

/** `pnpm bench [NAME…] [--json] [--record]` */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    /** One object a line, and nothing else, on stdout. */
    json: { type: 'boolean', default: false },
    /** Also replaces the rows in RESULTS.md. */
    record: { type: 'boolean', default: false },
  },
});

const unknown = positionals.filter((name) => !benchmarks.some((benchmark) => benchmark.name === name));
if (unknown.length > 0) {
  console.error(`No benchmark ${unknown.join(', ')}. There is: ${benchmarks.map(({ name }) => name).join(', ')}.`);
  process.exit(1);
}

for (const benchmark of benchmarks) {
  if (positionals.length > 0 && !positionals.includes(benchmark.name)) continue;
  if (!values.json) console.log(heading(benchmark.name));
  const rows: Row[] = [];
  for await (const row of benchmark.measure()) {
    rows.push(row);
    console.log(values.json ? JSON.stringify(row) : line(row));
  }
  if (values.record) await recordResults(benchmark.name, rows);
}
