import { describe, expect, it } from 'vitest';
import { ContextVariable, TenantAdmin } from '../admin.js';
import { admitRequest, fromJwt, InMemoryTenantRegistry, resumeRequest, TenantContext } from '../index.js';

const acme = { id: 't_acme', slug: 'acme' };
const context = new TenantContext();
const admin = new TenantAdmin(new InMemoryTenantRegistry([acme]), { audit: () => {} });
const reason = 'support ticket 4711';

describe('what is no function is refused where it is given', () => {
  it.each<[string, (fn: never) => unknown]>([
    ['TenantContext.run', (fn) => context.run(acme, fn)],
    ['TenantContext.bind', (fn) => context.run(acme, () => context.bind(fn))],
    ['TenantAdmin.runAs', (fn) => admin.runAs('t_acme', { reason }, fn)],
    ['ContextVariable.run', (fn) => new ContextVariable().run(1, fn)],
    ['admitRequest', (fn) => admitRequest({}, fn)],
    ['resumeRequest', (fn) => resumeRequest({}, fn)],
  ])('%s', async (place, call) => {
    for (const fn of [undefined, null, 'text', Promise.resolve()]) {
      await expect(async () => await call(fn as never)).rejects.toThrow(
        `tenancy_misconfigured: ${place}: is given no function`,
      );
    }
  });

  it('runAs without options says that the reason is missing', async () => {
    for (const options of [undefined, null, {}]) {
      await expect(admin.runAs('t_acme', options as never, () => 1)).rejects.toThrow(
        'TenantAdmin.runAs: has no reason',
      );
    }
  });

  it('extract of fromJwt', () => {
    expect(() => fromJwt({ secret: 'x'.repeat(32), extract: 'cookie' as never })).toThrow(
      'fromJwt.extract: is not a function',
    );
  });
});
