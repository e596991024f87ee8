import { TenantContext } from '@tenancy/core';
import { describe, expect, it } from 'vitest';
import '../vitest.js';

const context = new TenantContext();
const mismatch = { statusCode: 401, message: 'tenant_mismatch', error: 'Unauthorized' };

describe('toRefuseTenant', () => {
  it('passes for the refusal, as supertest and inject give it', () => {
    expect({ status: 401, body: mismatch }).toRefuseTenant('tenant_mismatch');
    expect({ statusCode: 401, body: mismatch }).toRefuseTenant('tenant_mismatch');
    expect({ status: 200, body: [] }).not.toRefuseTenant('tenant_mismatch');
  });

  it.each([
    ['another status', { status: 403, body: mismatch }],
    ['another code', { status: 401, body: { ...mismatch, message: 'tenant_required' } }],
    ['more in the body', { status: 401, body: { ...mismatch, tenant: 'globex' } }],
    ['no body', { status: 401 }],
  ])('fails for %s', (_, response) => {
    expect(() => expect(response).toRefuseTenant('tenant_mismatch')).toThrow('Expected 401 tenant_mismatch');
  });

  it('is an error, never a pass, when it is misused', () => {
    expect(() => expect({ body: mismatch }).toRefuseTenant('tenant_mismatch')).toThrow('needs a response');
    expect(() => expect({ status: 401, body: {} }).not.toRefuseTenant('mismatch' as never)).toThrow('is not a refusal');
  });
});

describe('toRequireTenant', () => {
  it('passes for what throws without a tenant, at once or later', async () => {
    await expect(() => context.current()).toRequireTenant();
    await expect(async () => context.tenantId).toRequireTenant();
    await expect(() => 'no tenant needed').not.toRequireTenant();
  });

  it('fails for what answers, or fails for another reason', async () => {
    await expect(expect(() => [1]).toRequireTenant()).rejects.toThrow('it answered [ 1 ]');
    const broken = () => {
      throw new Error('broken');
    };
    await expect(expect(broken).toRequireTenant()).rejects.toThrow('it threw Error: broken');
  });

  it('is an error, never a pass, when it is misused', async () => {
    const inside = context.run({ id: 't_acme', slug: 'acme' }, () =>
      expect(expect(() => 1).not.toRequireTenant()).rejects.toThrow('inside a tenant'),
    );
    await inside;
    await expect(expect('not a function').not.toRequireTenant()).rejects.toThrow('needs a function');
  });
});
