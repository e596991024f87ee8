import { Logger } from '@nestjs/common';
import type { Tenant } from '@tenancy/core';
import { Dice } from '../../../../test/oracle/dice.js';
import { type Arena, openArena, TENANTS } from './arena.js';
import { type Storm, storms, type Weather } from './storms.js';
import { checkedOut, type Kind, type Subject, subjectOf } from './subject.js';

/** The answers that a pool gave in a storm, counted by kind. */
export interface Tally {
  readonly storm: string;
  readonly pool: Kind;
  right: number;
  /** Answered with another tenant's rows, or not with all of the own. */
  wrong: number;
  /** Failed, by the code of the error. */
  readonly refused: Record<string, number>;
  /** Neither answered nor failed. */
  hung: number;
  /** Exceptions that would have ended the process. */
  uncaught: number;
}

export interface StormOptions {
  /** For all storms together. */
  readonly seconds: number;
  readonly seed: number;
  /** Of these names alone. */
  readonly only: readonly string[];
  readonly onTally: (tally: Tally) => void;
}

/** Milliseconds that a question may take beyond the storm's end. */
const TIMEOUT = 15_000;

export const chosen = (only: readonly string[]) =>
  storms.filter(({ name, missing }) => !missing && (only.length === 0 || only.includes(name)));

/** Each storm over a tenant pool, and then over pg's own, for as long. */
export async function runStorms({ seconds, seed, only, onTally }: StormOptions): Promise<readonly Tally[]> {
  const tallies: Tally[] = [];
  // Of connections that die there is no end here.
  Logger.overrideLogger(false);
  const arena = await openArena();
  try {
    const list = chosen(only);
    for (const [index, storm] of list.entries()) {
      for (const kind of ['TenantPool', 'pg.Pool'] as const) {
        const tally = await weather(arena, storm, kind, (seconds * 1000) / list.length / 2, seed + index);
        tallies.push(tally);
        onTally(tally);
      }
    }
  } finally {
    await arena.stop();
  }
  return tallies;
}

async function weather(arena: Arena, storm: Storm, kind: Kind, milliseconds: number, seed: number): Promise<Tally> {
  const tally: Tally = { storm: storm.name, pool: kind, right: 0, wrong: 0, refused: {}, hung: 0, uncaught: 0 };
  const dice = new Dice(seed);
  const random = () => dice.next();
  const count = () => {
    tally.uncaught += 1;
  };
  await answering(arena);
  process.on('uncaughtException', count).on('unhandledRejection', count);
  try {
    await blow(arena, storm, tally, random, milliseconds);
  } finally {
    process.off('uncaughtException', count).off('unhandledRejection', count);
  }
  return tally;
}

async function blow(
  arena: Arena,
  storm: Storm,
  tally: Tally,
  random: () => number,
  milliseconds: number,
): Promise<void> {
  const weather = await storm.begin(arena, random);
  const subject = subjectOf(tally.pool, poolOptions(weather));
  await subject.prepare();
  weather.rage();
  const end = performance.now() + milliseconds;
  const callers = Array.from({ length: storm.callers ?? 12 }, (_, index) =>
    caller(subject, storm, TENANTS[index % TENANTS.length] as Tenant, tally, random, end),
  );
  const settled = Promise.all(callers.map(({ done }) => done));
  if (!(await within(settled, milliseconds + TIMEOUT))) tally.hung += callers.filter(({ isAsking }) => isAsking).length;
  await weather.stop();
  if (!(await within(subject.pool.end(), TIMEOUT))) tally.hung += 1;
}

/** Waits until the server has started again, where the storm before has killed it. */
async function answering({ outside }: Arena): Promise<void> {
  const end = performance.now() + TIMEOUT;
  while (performance.now() < end && !(await outside.query('select 1').catch(() => undefined))) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** A pool smaller than its callers, under a name that storms know. */
const poolOptions = ({ url, options }: Weather) => ({
  connectionString: url,
  max: 4,
  application_name: 'storm',
  ...options,
});

interface Caller {
  isAsking: boolean;
  done: Promise<void>;
}

function caller(
  subject: Subject,
  storm: Storm,
  tenant: Tenant,
  tally: Tally,
  random: () => number,
  end: number,
): Caller {
  const ask = async (): Promise<boolean> => {
    const kind = random();
    if (storm.work && kind < 0.4) return storm.work(subject, tenant, random);
    if (kind < 0.8) return subject.jobs(subject.pool, tenant);
    return checkedOut(subject, async (client) => {
      await client.query('begin');
      const first = await subject.jobs(client, tenant);
      const second = await subject.jobs(client, tenant);
      await client.query('commit');
      return first && second;
    });
  };
  const asking: Caller = { isAsking: true, done: Promise.resolve() };
  const goOn = async () => {
    // On a busy machine the time may be over before anything was answered, which would show nothing.
    while (performance.now() < end || (tally.right === 0 && performance.now() < end + TIMEOUT / 2)) {
      await subject.as(tenant, ask).then(
        (isOwn) => {
          if (isOwn) tally.right += 1;
          else tally.wrong += 1;
        },
        async (error: { readonly code?: string; readonly message: string }) => {
          const code = error.code ?? error.message.slice(0, 60);
          tally.refused[code] = (tally.refused[code] ?? 0) + 1;
          // What fails at once would be asked for without end.
          await new Promise((resolve) => setTimeout(resolve, 5));
        },
      );
    }
    asking.isAsking = false;
  };
  asking.done = goOn();
  return asking;
}

function within(promise: Promise<unknown>, milliseconds: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), milliseconds);
  });
  return Promise.race([promise.then(() => true), late]).finally(() => clearTimeout(timer));
}
