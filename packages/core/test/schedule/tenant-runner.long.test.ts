import { setTimeout as sleep } from 'node:timers/promises';
import type { INestApplicationContext } from '@nestjs/common';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { TenantContext, TenantRegistry } from '../../src/index.js';
import { type ClockLock, forEachTenant, type Progress, progressBar, TenantRunner } from '../../src/schedule.js';
import { clockApplication, keptLog } from './application.js';
import { lockPlaces } from './locks.js';
import { acme, ChangingRegistry, eventually, globex, initech } from './tenants.js';

const context = new TenantContext();

let app: INestApplicationContext | undefined;
afterEach(async () => {
  await app?.close();
  app = undefined;
});

describe('TenantRunner.forEach', () => {
  it('runs for each tenant in its own context, interleaved, and counts', async () => {
    app = await clockApplication(new ChangingRegistry([acme, globex, { ...initech, status: 'archived' }]), []);
    const seen: string[] = [];
    const result = await app.get(TenantRunner).forEach(async ({ id }) => {
      for (let step = 0; step < 5; step += 1) {
        await sleep(Math.random() * 3);
        seen.push(`${id} as ${context.tenantId}`);
      }
    });
    expect(result).toEqual({ done: 2, failed: 0, skipped: 1 });
    expect(new Set(seen)).toEqual(new Set(['t_acme as t_acme', 't_globex as t_globex']));
  });

  it('is refused inside a tenant, and takes nothing that is no option', async () => {
    app = await clockApplication(new ChangingRegistry([acme]), []);
    const runner = app.get(TenantRunner);
    await expect(context.run(acme, () => runner.forEach(() => {}))).rejects.toThrow(
      'tenant_switch_refused: TenantRunner.forEach enters every tenant, and was called inside one.',
    );
    await expect(runner.forEach(() => {}, { concurency: 2 } as never)).rejects.toThrow('Did you mean `concurrency`?');
    await expect(runner.forEach(() => {}, { concurrency: 0 })).rejects.toThrow('tenancy_misconfigured');
    await expect(runner.forEach(undefined as never)).rejects.toThrow('tenancy_misconfigured');
    await expect(runner.forEach(() => {}, { resume: { key: 'x' } })).rejects.toThrow('forEach.resume.store: names no');
  });

  it('says what is missing where the registry cannot list', async () => {
    const registry = { findById: async () => acme, findBySlug: async () => acme };
    await expect(forEachTenant(registry, () => {})).rejects.toThrow('tenancy_misconfigured: TenantRegistry.list');
    app = await clockApplication(registry, []);
    await expect(app.get(TenantRunner).forEach(() => {})).rejects.toThrow('Give the registry a `list()`');
  });

  it("one tenant's failure is logged and stops no other's work, also where `onError` throws", async () => {
    const { lines, logger } = keptLog();
    app = await clockApplication(new ChangingRegistry([acme, globex, initech]), [], {}, { logger });
    const work = () => {
      if (context.tenantId === 't_acme') throw new Error('no paper');
    };
    expect(await app.get(TenantRunner).forEach(work)).toEqual({ done: 2, failed: 1, skipped: 0 });
    const onError = () => {
      throw new Error('no ink');
    };
    expect(await app.get(TenantRunner).forEach(work, { onError })).toEqual({ done: 2, failed: 1, skipped: 0 });
    expect(lines[0]).toMatch(/^TenantRunner\.forEach failed for the tenant "t_acme": Error: no paper/);
    expect(lines[1]).toMatch(/^TenantRunner\.forEach: onError threw Error: no ink/);
  });

  it('ends by a signal, once what was begun has ended', async () => {
    const registry = new ChangingRegistry(Array.from({ length: 50 }, (_, i) => ({ id: `t_${i}`, slug: `s${i}` })));
    const ending = new AbortController();
    let begun = 0;
    let ended = 0;
    const work = async () => {
      begun += 1;
      if (begun === 5) ending.abort(new Error('enough'));
      await sleep(5);
      ended += 1;
    };
    await expect(forEachTenant(registry, work, { concurrency: 3, signal: ending.signal })).rejects.toThrow('enough');
    expect([begun, ended]).toEqual([5, 5]);
    await expect(forEachTenant(registry, work, { signal: ending.signal, spread: 60_000 })).rejects.toThrow('enough');
    expect(begun).toBe(5);
  });

  it('hands on what `list()` throws, once what was begun has ended', async () => {
    class Broken extends ChangingRegistry {
      override async *list() {
        yield acme;
        throw new Error('the cursor is gone');
      }
    }
    let isDone = false;
    const work = () =>
      sleep(20).then(() => {
        isDone = true;
      });
    await expect(forEachTenant(new Broken([acme]), work)).rejects.toThrow('the cursor is gone');
    expect(isDone).toBe(true);
  });
});

it.each(['onModuleInit', 'onApplicationBootstrap', 'onModuleDestroy'] as const)(
  'B5: %s has no tenant, and visits each with forEachTenant',
  async (hook) => {
    const seen: string[] = [];
    let alone = '';
    class Index {
      constructor(private readonly registry: TenantRegistry) {}
      async work() {
        try {
          context.current();
        } catch (error) {
          alone = (error as Error).message;
        }
        await forEachTenant(this.registry, async ({ id }) => {
          await sleep(Math.random() * 5);
          seen.push(`${id} as ${context.tenantId}`);
        });
      }
    }
    class Hooked extends Index {}
    (Hooked.prototype as unknown as Record<string, unknown>)[hook] = function (this: Hooked) {
      return this.work();
    };
    Reflect.defineMetadata('design:paramtypes', [TenantRegistry], Hooked);
    app = await clockApplication(new ChangingRegistry([acme, globex]), [Hooked]);
    if (hook === 'onModuleDestroy') await app.close();
    expect(alone).toMatch(/^tenant_context_missing: .*In a lifecycle hook .*forEachTenant/);
    expect(seen.toSorted()).toEqual(['t_acme as t_acme', 't_globex as t_globex']);
    app = undefined;
  },
);

describe.each(lockPlaces)('a run that is resumed from $name', ({ open, missing }) => {
  describe.skipIf(missing !== null)('', () => {
    let store: ClockLock;
    let close: () => Promise<void>;
    beforeAll(async () => {
      ({ lock: store, close } = await open(inject('postgresUrl')));
    });
    afterAll(() => close());

    it('repeats none that had finished, and begins anew once all have', async () => {
      const registry = new ChangingRegistry(Array.from({ length: 30 }, (_, i) => ({ id: `t_${i}`, slug: `s${i}` })));
      app = await clockApplication(registry, [], { lock: store });
      const runner = app.get(TenantRunner);
      const finished: string[] = [];
      const ending = new AbortController();
      const resume = { key: 'index' };
      const first = runner.forEach(
        ({ id }) => {
          if (id === 't_3') throw new Error('not now');
          finished.push(id);
          if (finished.length === 10) ending.abort();
        },
        { resume, signal: ending.signal, concurrency: 2, onError: () => {} },
      );
      await expect(first).rejects.toThrow();
      const before = finished.length;
      expect(before).toBeGreaterThanOrEqual(10);
      expect(before).toBeLessThan(30);
      const second = await runner.forEach(({ id }) => void finished.push(id), { resume });
      expect(second).toEqual({ done: 30 - before, failed: 0, skipped: before });
      expect(finished.length).toBe(30);
      expect(new Set(finished).size).toBe(30);
      expect(await runner.forEach(() => {}, { resume })).toEqual({ done: 30, failed: 0, skipped: 0 });
    });

    it('is run by one at a time', async () => {
      const registry = new ChangingRegistry([acme]);
      let release = () => {};
      let isBegun = false;
      const first = forEachTenant(
        registry,
        () =>
          new Promise<void>((resolve) => {
            release = resolve;
            isBegun = true;
          }),
        { resume: { key: 'alone', store } },
      );
      await eventually(() => isBegun);
      await expect(forEachTenant(registry, () => {}, { resume: { key: 'alone', store } })).rejects.toThrow(
        'is that of a run that another process has in hand',
      );
      release();
      expect(await first).toEqual({ done: 1, failed: 0, skipped: 0 });
    });
  });
});

describe('progressBar', () => {
  const progress = (done: number, failed = 0): Progress => ({ done, failed, skipped: 0, total: 4, tenant: acme });

  it('draws one line on a terminal', () => {
    const written: string[] = [];
    const bar = progressBar('invoices', { isTTY: true, write: (text: string) => written.push(text) });
    bar(progress(1));
    bar(progress(1));
    bar(progress(3, 1));
    expect(written).toEqual([
      '\r\u001b[Kinvoices ██████░░░░░░░░░░░░░░░░░░ 25 % (1 of 4)',
      '\r\u001b[Kinvoices ████████████████████████ 100 % (4 of 4, 1 failed)\n',
    ]);
  });

  it('is silent elsewhere', () => {
    const written: string[] = [];
    progressBar('invoices', { write: (text: string) => written.push(text) })(progress(4));
    expect(written).toEqual([]);
  });
});
