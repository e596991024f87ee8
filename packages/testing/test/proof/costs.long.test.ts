import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Body, Controller, Get, Headers, HttpException, Inject, Post, Res, type Type } from '@nestjs/common';
import { TenantContext } from '@tenancy/core';
import { expect, it } from 'vitest';
import { type IsolationHarness, proveIsolation } from '../../src/index.js';
import { interleaved } from '../../src/proof/attacks/interleaved.js';
import { otherHost } from '../../src/proof/attacks/other-host.js';
import { own } from '../../src/proof/attacks/own.js';
import type { Example } from '../../src/proof/target/example.js';
import { Limit } from '../../src/proof/target/limit.js';
import { Target } from '../../src/proof/target/target.js';
import { transportTo } from '../../src/proof/transports/transports-to.js';
import { comparedWorlds } from '../../src/proof/worlds/compared-worlds.js';
import { acme, globex, Jobs, start, table } from './application.js';

const BOTH = [
  ['correct', false],
  ['leaky', true],
] as const;

function targetOf(app: IsolationHarness, example?: Example): Target {
  const [entrance] = app.entrances;
  if (!entrance) throw new Error('There is no entrance.');
  const transport = transportTo(app, entrance, example);
  if ('unknown' in transport) throw new Error(transport.unknown);
  return new Target(app, entrance, transport, acme, globex);
}

it.each(BOTH)(
  "V9: the own token at the other's host uses up its limit, and nothing is held against the %s",
  async (_, leaks) => {
    const tokens = new Map([acme, globex].map(({ id }) => [`Bearer ${id}-${randomUUID()}`, id]));
    const refused = new Map<string, number>();
    @Controller()
    class LimitedController {
      constructor(
        @Inject(TenantContext) private readonly context: TenantContext,
        @Inject(Jobs) private readonly jobs: Jobs,
      ) {}

      @Get('jobs')
      list(
        @Headers('authorization') token = '',
        @Res({ passthrough: true }) response: { setHeader(name: string, value: string): void },
      ) {
        if (performance.now() - (refused.get(token) ?? -1_000) < 900) {
          response.setHeader('retry-after', '1');
          throw new HttpException('Too many', 429);
        }
        const isOwn = tokens.get(token) === this.context.tenantId;
        if (!isOwn) refused.set(token, performance.now());
        if (!isOwn && !(leaks && tokens.has(token))) throw new HttpException('Not yours', 401);
        return this.jobs.all();
      }
    }
    const signIn = async ({ id }: { id: string }) => ({
      headers: { authorization: [...tokens].find(([, each]) => each === id)?.[0] ?? '' },
    });
    await using app = await start(Jobs, { signIn }, [LimitedController]);
    const target = targetOf(app);
    expect((await otherHost.run(target)).verdict).toBe(leaks ? 'leaks' : 'proven');
    expect(await own.run(target)).toMatchObject({ verdict: 'proven' });
  },
);

it.each(BOTH)('V12: the number of own rows that a queue wrote is no leak; in the %s, texts tell', async (_, leaks) => {
  const queue: { tenantId: string; title: string }[] = [];
  let turns = 0;
  @Controller()
  class QueueController {
    constructor(@Inject(TenantContext) private readonly context: TenantContext) {}

    /** Works on none, one or two of what waits, the newest first, whoever asked for it. */
    @Post('jobs')
    async create(@Body() { title }: { title: string }) {
      const { tenantId } = this.context;
      queue.push({ tenantId, title });
      await sleep(20);
      turns += 1;
      for (let n = 0; n < turns % 3; n += 1) {
        const job = queue.pop();
        if (job) table.push({ id: randomUUID(), ...job, ...(leaks && { tenantId }) });
      }
      return { queued: true };
    }
  }
  await using app = await start(Jobs, {}, [QueueController]);
  const target = targetOf(app, (_rows, { canary }) => ({ body: { title: canary('title') } }));
  const { verdict, why } = await interleaved.run(target);
  expect(verdict, why).toBe(leaks ? 'leaks' : 'proven');
});

/** So many entrances, and how often they were called. */
function manyEntrances(count: number): { controllers: Type<unknown>[]; calls: () => number } {
  let calls = 0;
  const controllers = Array.from({ length: count }, (_, n) => {
    @Controller(`jobs${n}`)
    class OneOfMany {
      constructor(@Inject(Jobs) private readonly jobs: Jobs) {}

      @Get()
      list() {
        calls += 1;
        return this.jobs.all();
      }
    }
    return OneOfMany;
  });
  return { controllers, calls: () => calls };
}

it('V20: the calls of worlds do not grow with the square of the entrances', async () => {
  const { controllers, calls } = manyEntrances(24);
  await using app = await start(Jobs, { clean: () => void table.splice(0) }, controllers);
  const { otherwise } = await comparedWorlds(app, {}, new Limit(performance.now() + 20_000));
  expect(otherwise.verdict, otherwise.why).toBe('proven');
  // A listener for whom all the others speak would make 25 more calls of each.
  expect(calls() / 24).toBeGreaterThan(10);
  expect(calls() / 24).toBeLessThan(50);
}, 30_000);

it('V20: what there was no time for is unproven, and forty entrances end with the budget', async () => {
  await using app = await start(Jobs, {}, manyEntrances(40).controllers);
  const began = performance.now();
  const { counts, verdict } = await proveIsolation(app, { budget: { all: 1_000 } });
  expect(verdict).toBe('unproven');
  expect(counts).toMatchObject({ leaks: 0, unproven: 40 });
  // Without a budget, each would take seconds.
  expect(performance.now() - began).toBeLessThan(10_000);
}, 20_000);
