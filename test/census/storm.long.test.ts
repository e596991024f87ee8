import type { INestApplication } from '@nestjs/common';
import { JwtService } from '@nestjs/jwt';
import { fromSession, type Tenant } from '@tenancy/core';
import type { NextFunction, Request, Response } from 'express';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { adapters, run } from './application.js';
import { openFloor } from './floor.js';
import { seen } from './row.js';
import { blow } from './storm/blow.js';
import { Log } from './storm/log.js';
import { onAdapter } from './storm/on-adapters.js';
import { SECRET, storming } from './storm/storming.js';

const tenants: Tenant[] = Array.from({ length: 100 }, (_, n) => ({ id: `t_company-${n}`, slug: `company-${n}` }));
const REQUESTS = 2_000;
const AT_ONCE = 30;

let floor: Awaited<ReturnType<typeof openFloor>>;
beforeAll(async () => {
  floor = await openFloor(tenants, 4);
});
afterAll(() => floor.stop());

/** Puts a listener on whatever tells the end of a request, before any other middleware. */
function listening(app: INestApplication, log: Log): { entered: number } {
  const count = { entered: 0 };
  app.use((request: Request, response: Response, next: NextFunction) => {
    const expected = `t_${request.headers.host?.split('.')[0]}`;
    const note = (what: string) => () => log.note(what, expected, seen());
    if (!request.headers['x-forged']) {
      count.entered += 1;
      response.on('finish', note('finish of the response'));
      response.on('close', note('close of the response'));
      request.on('close', note('close of the request'));
      request.on('aborted', note('aborted of the request'));
      request.on('error', note('error of the request'));
    }
    next();
  });
  return count;
}

describe.each(adapters)('a storm on %s', (adapter) => {
  it("of 2,000 requests of 100 tenants, a fifth of which go away: each is its own tenant's, to its end", async () => {
    const uncaught: unknown[] = [];
    const onUncaught = (error: unknown) => uncaught.push(error);
    process.on('uncaughtExceptionMonitor', onUncaught);
    const log = new Log();
    let count = { entered: 0 };
    const { uploads, mountSessions } = onAdapter[adapter];
    const running = await run(adapter, tenants, {
      metadata: storming(floor.pool, [uploads]),
      sources: [fromSession({ tenantId: (request) => request.session?.['tenantId'] as string | undefined })],
      prepare: async (app) => {
        count = listening(app, log);
        await mountSessions(app);
      },
    });
    const seed = Date.now() % 1_000_000;
    const clients = tenants.map(running.client);
    const token = new JwtService({ secret: SECRET }).sign({ sub: 'somebody' });
    const tally = await blow({ clients, token, requests: REQUESTS, atOnce: AT_ONCE, seed }, log);
    await vi.waitFor(() => expect(log.total('close of the response')).toBe(count.entered), 60_000);
    await vi.waitFor(() => expect(floor.pool.idleCount).toBe(floor.pool.totalCount), 60_000);
    await running.close();
    process.off('uncaughtExceptionMonitor', onUncaught);

    console.log(`a storm on ${adapter}, seed ${seed}:`, tally);
    console.table(log.counts);
    expect(uncaught).toEqual([]);
    expect(tally.answered + tally.aborted + tally.refused).toBe(REQUESTS);
    expect(count.entered - log.total('finish of the response')).toBeGreaterThanOrEqual(REQUESTS / 5);
    expect(tally.refused).toBeGreaterThan(0);
    for (const [what, { right, wrong, none }] of Object.entries(log.counts)) {
      expect({ what, seed, wrong, none }).toEqual({ what, seed, wrong: 0, none: 0 });
      expect(right).toBeGreaterThan(0);
    }
  });
});
