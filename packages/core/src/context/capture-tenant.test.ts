import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { Tenant } from '../tenant.js';
import { captureTenant } from './capture-tenant.js';
import { TenantContext } from './tenant-context.js';

const context = new TenantContext();
const acme = { id: 't_acme', slug: 'acme' };
const globex = { id: 't_globex', slug: 'globex' };

describe('captureTenant', () => {
  it('is the tenant of the work in hand, whoever uses it later', async () => {
    const captured = context.run(acme, () => captureTenant(context));
    expect(context.run(globex, () => captured.tenant)).toEqual(acme);
  });

  it('interleaved: each of 100 has its own', async () => {
    const wrong = await Promise.all(
      Array.from({ length: 100 }, (_, i) => (i % 2 ? acme : globex)).map((tenant) =>
        context.run(tenant, async () => {
          await sleep(Math.random() * 5);
          return captureTenant(context).tenant?.id !== tenant.id;
        }),
      ),
    );
    expect(wrong.filter(Boolean)).toEqual([]);
  });

  it('keeps the refusal of the context, and throws nothing', () => {
    expect(captureTenant(context)).toMatchObject({ tenant: null, refusal: { code: 'tenant_context_missing' } });
  });

  it.each([undefined, '', 7, 'a\0b', '\ud800', 'x'.repeat(256), 'é'.repeat(128)])(
    'has no tenant for the id %j',
    (id) => {
      const captured = captureTenant({ current: () => ({ id, slug: 'x' }) as Tenant });
      expect(captured).toMatchObject({ tenant: null, refusal: { code: 'tenant_context_missing' } });
    },
  );

  it('takes an id of 255 bytes', () => {
    const tenant = { id: 'x'.repeat(255), slug: 'x' };
    expect(captureTenant({ current: () => tenant })).toEqual({ tenant });
  });
});
