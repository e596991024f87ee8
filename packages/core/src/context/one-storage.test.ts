import { expect, it, vi } from 'vitest';

const acme = { id: 't_acme', slug: 'acme' };

it("two copies of the package in one process share one context and recognise each other's errors", async () => {
  const first = await import('../index.js');
  vi.resetModules();
  const second = await import('../index.js');
  expect(second.TenantContext).not.toBe(first.TenantContext);
  expect(new first.TenantContext().run(acme, () => new second.TenantContext().tenantId)).toBe('t_acme');

  const error = new first.TenantRequiredError();
  expect(error).not.toBeInstanceOf(second.TenantRequiredError);
  expect(second.isTenancyError(error, 'tenant_required')).toBe(true);
  expect(second.isTenancyError(error, 'tenant_mismatch')).toBe(false);
  expect(second.isTenancyError(new Error('tenant_required'))).toBe(false);
});
