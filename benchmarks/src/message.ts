import { connect } from 'node:net';
import type { Benchmark, Row } from './benchmark.js';
import { Child } from './child.js';
import { type CaseName, natsUrl, type TransportName } from './message/application.js';
import type { Question, Work } from './message/client.js';
import { pairedRatios, summary } from './paired-ratios.js';

const PAIRS = 5;
const MESSAGES = 2_000;
// With new processes each: how a process happens to be compiled and laid out moves its cost by more than a few percent.
const ROUNDS = 4;
// What the compiler optimises late has mostly happened by then. By number, and not by time: a busy machine would end it too early.
const WARM_UP = 10_000;

const comparisons: readonly { readonly case: CaseName; readonly against: CaseName }[] = [
  // The same on both sides: so far apart do two processes lie that do the same.
  { case: 'bare', against: 'bare' },
  { case: 'tenant', against: 'bare' },
  { case: 'signed', against: 'bare' },
  { case: 'hand', against: 'bare' },
  { case: 'hand-signed', against: 'bare' },
  { case: 'tenant', against: 'hand' },
  { case: 'signed', against: 'hand-signed' },
];

/** The cost of a message that carries its tenant, against Nest alone: CPU time of one process that sends it, handles it and is answered. */
export const message: Benchmark = {
  name: 'message',
  async *measure() {
    for (const transport of ['tcp', 'nats'] satisfies TransportName[]) {
      if (transport === 'nats' && !(await isNatsHere())) {
        console.error(`No NATS answers at ${natsUrl()}: TCP alone is measured.`);
        continue;
      }
      for (const comparison of comparisons) yield* measure(comparison.case, comparison.against, transport);
    }
  },
};

async function* measure(name: CaseName, against: CaseName, transport: TransportName): AsyncIterable<Row> {
  const ratios = new Map<Work, number[]>([
    ['send', []],
    ['emit', []],
  ]);
  for (let round = 0; round < ROUNDS; round += 1) await oneRound([name, against], transport, ratios);
  for (const [work, taken] of ratios) {
    yield {
      benchmark: 'message',
      case: `${name}/${work}/${transport}`,
      against: `${against}/${work}/${transport}`,
      metric: 'cpu',
      ratio: summary(taken),
      pairs: taken.length,
      node: process.versions.node,
    };
  }
}

async function oneRound(
  [name, against]: readonly [CaseName, CaseName],
  transport: TransportName,
  ratios: ReadonlyMap<Work, number[]>,
): Promise<void> {
  const [child, other] = [
    new Child('message/client', name, transport),
    new Child('message/client', against, transport),
  ];
  try {
    for (const [work, taken] of ratios) {
      const cost = (of: Child, messages: number) => () => of.ask<number>({ work, messages } satisfies Question);
      for (const each of [child, other]) await cost(each, WARM_UP)();
      taken.push(...(await pairedRatios(PAIRS, cost(child, MESSAGES), cost(other, MESSAGES))));
    }
  } finally {
    await Promise.all([child.stop(), other.stop()]);
  }
}

function isNatsHere(): Promise<boolean> {
  const { hostname, port } = new URL(natsUrl());
  return new Promise((resolve) => {
    const socket = connect(Number(port || 4222), hostname, () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}
