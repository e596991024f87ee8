import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Controller, Get, Inject, type Type } from '@nestjs/common';
import { it } from 'vitest';
import { proveIsolation } from '../../src/index.js';
import { Jobs, start, table } from '../proof/application.js';

setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc') as () => void;

const megabytes = () => {
  gc();
  return Math.round(process.memoryUsage().heapUsed / 2 ** 20);
};

/** An application of so many entrances, each of which takes so long. */
function entrances(count: number, milliseconds: number) {
  let calls = 0;
  const controllers: Type<unknown>[] = Array.from({ length: count }, (_, n) => {
    @Controller(`jobs${n}`)
    class OneOfMany {
      constructor(@Inject(Jobs) private readonly jobs: Jobs) {}

      @Get()
      async list() {
        calls += 1;
        if (milliseconds > 0) await sleep(milliseconds);
        return this.jobs.all();
      }
    }
    return OneOfMany;
  });
  const clean = ({ id }: { id: string }) => {
    for (let n = table.length - 1; n >= 0; n -= 1) if (table[n]?.tenantId === id) table.splice(n, 1);
  };
  return { open: () => start(Jobs, { clean }, controllers), calls: () => calls };
}

/** Measures what a proof costs: of a hundred entrances, and of an application that takes a second for each request. */
export function measureCosts(write: (line: object) => void): void {
  it('a hundred entrances', async () => {
    const { open, calls } = entrances(100, 0);
    await using app = await open();
    const began = performance.now();
    const heap: number[] = [megabytes()];
    const { counts } = await proveIsolation(app, {
      onResult: (_, { done }) => {
        if (done % 25 === 0) heap.push(megabytes());
      },
    });
    write({
      about: '100 entrances',
      seconds: Math.round(performance.now() - began) / 1000,
      requestsEach: calls() / 100,
      heapInMegabytesBeforeAndAfterEach25: heap,
      counts,
    });
  });
  it('a second for each request', async () => {
    const { open, calls } = entrances(4, 1_000);
    await using app = await open();
    const began = performance.now();
    const { counts, entrances: tried } = await proveIsolation(app, { budget: { entrance: 10_000, all: 60_000 } });
    write({
      about: 'a second for each request, budget of 10 s for an entrance and 60 s for all',
      seconds: Math.round(performance.now() - began) / 1000,
      requestsEach: calls() / 4,
      counts,
      leftOut: tried.map(({ entrance, why, attacks }) => [
        entrance.id,
        why,
        ...attacks.filter(({ verdict }) => verdict === 'unproven').map((each) => `${each.attack}: ${each.why}`),
      ]),
    });
  });
}
