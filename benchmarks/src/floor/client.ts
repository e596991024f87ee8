import { TenantContext } from '@tenancy/core';
import { answer } from '../child.js';
import type { Databases, FloorCase } from './case.js';
import { type CaseName, cases } from './cases.js';
import { callersOf, queryOf, type Work } from './workload.js';

/** A question to a client, from the process that measures. */
export type ClientQuestion =
  | { readonly open: Databases }
  | { readonly work: Work /** How long callers begin another query. */; readonly milliseconds: number };

/** The time that so many queries took. */
export interface Sample {
  readonly queries: number;
  readonly seconds: number;
  /** CPU time of this process, user and system. */
  readonly cpuMicroseconds: number;
  /** How long half of the queries took at most, and 99 of 100. */
  readonly milliseconds: { readonly p50: number; readonly p99: number };
}

/** How much longer than asked a sample may take. */
const GRACE = 60_000;

/** Runs one case: `node client.js <case>`. */
const name = process.argv[2] as CaseName;
const open = await cases[name]();
const context = new TenantContext();
let floorCase: FloorCase;
let turn = 0;

answer(async (asked) => {
  const question = asked as ClientQuestion;
  if ('work' in question)
    return withinTime(question.milliseconds + GRACE, sample(question.work, question.milliseconds));
  floorCase = await open(question.open, context);
  return null;
});

/** @throws when one answer is not its tenant's. */
async function sample(work: Work, milliseconds: number): Promise<Sample> {
  const took: number[] = [];
  const started = process.cpuUsage();
  const begin = performance.now();
  const caller = async () => {
    while (performance.now() - begin < milliseconds) {
      const query = queryOf(work, turn++);
      const sent = performance.now();
      const found = await context.run(query.tenant, () => query.send(floorCase));
      took.push(performance.now() - sent);
      query.check(found);
    }
  };
  await Promise.all(Array.from({ length: callersOf(work) }, caller));
  const seconds = (performance.now() - begin) / 1000;
  const { user, system } = process.cpuUsage(started);
  took.sort((a, b) => a - b);
  const at = (part: number) => took[Math.floor(took.length * part)] ?? Number.NaN;
  return {
    queries: took.length,
    seconds,
    cpuMicroseconds: user + system,
    milliseconds: { p50: at(0.5), p99: at(0.99) },
  };
}

/** A query that is never answered must not look like a benchmark that takes long. */
async function withinTime<T>(milliseconds: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no end after ${milliseconds} ms`)), milliseconds);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
