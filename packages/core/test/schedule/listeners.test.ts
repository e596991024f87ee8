import { Logger } from '@nestjs/common';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { forEachTenant, TenantCron, TenantInterval, TenantRunner } from '../../src/schedule.js';
import { clockApplication } from './application.js';
import { acme, ChangingRegistry, eventually, globex } from './tenants.js';

const both = new ChangingRegistry([acme, globex]);
const logged = () => vi.spyOn(Logger.prototype, 'error').mockImplementation(() => {});
const lines = (spy: ReturnType<typeof logged>) => spy.mock.calls.map(([line]) => String(line).split('\n')[0]);
const broken = () => {
  throw new Error('no ink');
};

afterEach(() => vi.restoreAllMocks());

describe.each([
  ['throws', broken],
  ['rejects', async () => broken()],
])('a listener that %s', (_, listener) => {
  it('is no failure of a tenant as `onProgress`', async () => {
    const log = logged();
    const onError = vi.fn();
    expect(await forEachTenant(both, () => {}, { onError, onProgress: listener })).toMatchObject({
      done: 2,
      failed: 0,
    });
    expect(onError).not.toHaveBeenCalled();
    expect(lines(log)).toEqual(Array(2).fill('forEachTenant: onProgress threw Error: no ink'));
  });

  it('is logged once for each failure as `onError`', async () => {
    const log = logged();
    const work = ({ id }: { id: string }) => id === 't_globex' && broken();
    expect(await forEachTenant(both, work, { onError: listener })).toMatchObject({ done: 1, failed: 1 });
    expect(lines(log)).toEqual(['forEachTenant: onError threw Error: no ink']);
  });

  it('ends no process from a clock', async () => {
    const log = logged();
    class Nightly {
      @TenantInterval(20, { onError: listener, onProgress: listener })
      async report() {
        broken();
      }
    }
    const app = await clockApplication(both, [Nightly]);
    for (const name of ['onError', 'onProgress'])
      await eventually(() => lines(log).includes(`Nightly.report: ${name} threw Error: no ink`));
    await app.close();
  });
});

it.each([[undefined], [null], [{ id: '' }], [{ id: 5 }]])('an entry %j of `list()` stops nobody else', async (bad) => {
  const registry = {
    findById: (id: string) => both.findById(id),
    findBySlug: (slug: string) => both.findBySlug(slug),
    async *list() {
      yield acme;
      yield bad as never;
      yield globex;
    },
  };
  const seen: string[] = [];
  const onError = vi.fn();
  const work = ({ id }: { id: string }) => seen.push(id);
  expect(await forEachTenant(registry, work, { onError })).toMatchObject({ done: 2, failed: 1 });
  expect(seen.sort()).toEqual(['t_acme', 't_globex']);
  expect(onError.mock.calls).toMatchObject([[{ code: 'tenant_registry_unavailable' }, { id: '' }]]);
  for (const isCached of [false, true]) {
    const app = await clockApplication(registry, [], {}, { logger: false }, isCached);
    expect(await app.get(TenantRunner).forEach(work, { onError })).toMatchObject({ done: 2, failed: 1 });
    await app.close();
  }
});

it('refuses options by name', async () => {
  expect(() => TenantCron('* * * * *', { spred: 1 } as never)).toThrow('Did you mean `spread`?');
  expect(() => TenantInterval(5, { spred: 1 } as never)).toThrow('Did you mean `spread`?');
  expect(() => TenantCron('* * * * *', { threshold: 9, waitForCompletion: true, name: 'x' })).not.toThrow();
  await expect(forEachTenant(both, () => {}, { signal: {} } as never)).rejects.toThrow('forEachTenant.signal: is no');
  expect(await forEachTenant(both, () => {}, null)).toMatchObject({ done: 2 });
});
