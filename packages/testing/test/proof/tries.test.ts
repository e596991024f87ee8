import { setTimeout as sleep } from 'node:timers/promises';
import { Controller, Get, Inject, NotFoundException, Param, Query } from '@nestjs/common';
import { expect, it } from 'vitest';
import { proveIsolation } from '../../src/index.js';
import { Limit } from '../../src/proof/target/limit.js';
import { Target } from '../../src/proof/target/target.js';
import { transportTo } from '../../src/proof/transports/transports-to.js';
import { Tries } from '../../src/proof/tries.js';
import type { AttackResult } from '../../src/report/isolation-report.js';
import { ATTACK_NAMES } from '../../src/report/verdict-signs.js';
import { acme, globex, Jobs, start, table } from './application.js';

/** Takes long for an id that nobody has, and forgets the tenant where all are asked for. */
@Controller()
class SlowController {
  constructor(@Inject(Jobs) private readonly jobs: Jobs) {}

  @Get('jobs/:id')
  async find(@Param('id') id: string, @Query('all') all?: string) {
    const own = this.jobs.all();
    const job = own.find((each) => each.id === id);
    if (!table.some((each) => each.id === id)) await sleep(2_000);
    if (!job) throw new NotFoundException();
    return all === 'true' ? table : job;
  }
}

it('tries the other attacks where one could not be tried', async () => {
  await using app = await start(Jobs, { timeout: 300 }, [SlowController]);
  const { entrances } = await proveIsolation(app, { exempt: { 'GET /jobs/:id': { worlds: 'not here' } } });
  const verdicts = Object.fromEntries(entrances[0]?.attacks.map(({ attack, verdict }) => [attack, verdict]) ?? []);
  expect(verdicts).toMatchObject({ own: 'proven', existence: 'unproven', inputs: 'leaks' });
});

it('ends, and leaves the entrance unproven, where the time is over before it is known whether the session lasted', async () => {
  await using app = await start(Jobs, {}, [SlowController]);
  const [entrance] = app.entrances;
  if (!entrance) throw new Error('There is no entrance.');
  const transport = transportTo(app, entrance, undefined);
  if ('unknown' in transport) throw new Error(transport.unknown);
  const pair = [
    new Target(app, entrance, transport, acme, globex),
    new Target(app, entrance, transport, globex, acme),
  ] as const;
  const exempt = Object.fromEntries(ATTACK_NAMES.slice(1).map((name) => [name, 'not here']));
  Object.defineProperty(exempt, 'answer-headers', {
    get: () => {
      for (const target of pair) target.deadline = 0;
      return 'not here';
    },
  });
  const results: AttackResult[] = [];
  await new Tries([pair]).all(results, exempt, new Limit(Number.POSITIVE_INFINITY));
  expect(results[0]).toMatchObject({ attack: 'own', verdict: 'unproven', why: expect.stringContaining('session') });
});
