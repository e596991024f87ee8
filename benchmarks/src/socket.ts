import type { Benchmark, Row } from './benchmark.js';
import { Child } from './child.js';
import { pairedRatios, summary } from './paired-ratios.js';
import type { CaseName, ServerQuestion } from './socket/server.js';
import type { Load, Work } from './socket/workload.js';

const PAIRS = 5;
const MESSAGES: Readonly<Record<Work, number>> = { ask: 1_500, say: 500 };
// With new processes each: how a process happens to be compiled and laid out moves its cost by more than a few percent.
const ROUNDS = 4;

const comparisons: readonly { readonly case: CaseName; readonly against: CaseName }[] = [
  // The same on both sides: so far apart do two processes lie that do the same.
  { case: 'bare', against: 'bare' },
  { case: 'tenant', against: 'bare' },
];

/** The cost of sockets that are their tenants', against Nest alone: CPU time of the server process for one message. */
export const socket: Benchmark = {
  name: 'socket',
  async *measure() {
    for (const { case: name, against } of comparisons) {
      const ratios = new Map<Work, number[]>([
        ['ask', []],
        ['say', []],
      ]);
      for (let round = 0; round < ROUNDS; round += 1) await oneRound(name, against, ratios);
      for (const [work, taken] of ratios) yield rowOf(`${name}/${work}`, `${against}/${work}`, taken);
    }
  },
};

const rowOf = (name: string, against: string, ratios: readonly number[]): Row => ({
  benchmark: 'socket',
  case: name,
  against,
  metric: 'cpu',
  ratio: summary(ratios),
  pairs: ratios.length,
  node: process.versions.node,
});

async function oneRound(name: CaseName, against: CaseName, ratios: ReadonlyMap<Work, number[]>): Promise<void> {
  const sides = [name, against].map((of) => new Side(of)) as [Side, Side];
  try {
    for (const side of sides) await side.open();
    for (const [work, taken] of ratios) {
      const messages = MESSAGES[work];
      for (const side of sides) await side.cost(work, messages * 3);
      const [one, other] = sides;
      taken.push(
        ...(await pairedRatios(
          PAIRS,
          () => one.cost(work, messages),
          () => other.cost(work, messages),
        )),
      );
    }
  } finally {
    await Promise.all(sides.map((side) => side.stop()));
  }
}

/** A server, and the process that has its clients. */
class Side {
  readonly #server: Child;
  readonly #load = new Child('socket/load');

  constructor(name: CaseName) {
    this.#server = new Child('socket/server', name);
  }

  async open(): Promise<void> {
    const port = await this.#server.ask<number>('address' satisfies ServerQuestion);
    await this.#load.ask({ open: port } satisfies Load);
  }

  /** CPU microseconds of the server for so many messages. */
  async cost(work: Work, messages: number): Promise<number> {
    await this.#server.ask('start' satisfies ServerQuestion);
    await this.#load.ask({ work, messages } satisfies Load);
    return this.#server.ask<number>('stop' satisfies ServerQuestion);
  }

  async stop(): Promise<void> {
    await Promise.all([this.#load.stop(), this.#server.stop()]);
  }
}
