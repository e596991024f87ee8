import { generateKeyPairSync } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import {
  type Algorithm,
  fromJwt,
  isTenancyError,
  TenantContext,
  TenantRegistry,
  type TokenVerifier,
} from '@tenancy/core';
import { TenantAdmin, type TenantAuditEvent } from '@tenancy/core/admin';
import { describe, expect, it } from 'vitest';
import { tenancyTestProviders } from './tenancy-test-providers.js';
import { TestTenantRegistry } from './test-tenant-registry.js';
import { forgedTestTokens, signTestToken, type TestTokenOptions } from './test-token.js';
import { withTenant } from './with-tenant.js';

const acme = { id: 't_acme', slug: 'acme' };
const globex = { id: 't_globex', slug: 'globex' };
const context = new TenantContext();

describe('withTenant', () => {
  it('runs a body as the tenant, until what it returns has ended', async () => {
    expect(withTenant(acme, () => context.tenantId)).toBe('t_acme');
    await withTenant(acme, async () => {
      await new Promise(setImmediate);
      expect(context.tenantId).toBe('t_acme');
    });
    expect(context.isActive()).toBe(false);
  });

  it('refuses inside another tenant', () => {
    const inside = () => withTenant(acme, () => withTenant(globex, () => 'never'));
    expect(inside).toThrow(expect.objectContaining({ code: 'tenant_switch_refused' }));
  });
});

describe('TestTenantRegistry', () => {
  it('knows the tenants that there are now', async () => {
    const registry = new TestTenantRegistry([acme]);
    expect(await registry.findById('t_globex')).toBeNull();
    registry.add({ ...globex, domains: ['globex.test'] });
    expect(await registry.findBySlug('globex')).toMatchObject(globex);
    expect(await registry.findByDomain('globex.test')).toMatchObject(globex);
    registry.suspend('t_globex');
    expect(await registry.findById('t_globex')).toMatchObject({ status: 'suspended' });
    registry.activate('t_globex');
    registry.update('t_globex', { slug: 'initech' });
    expect(await registry.findBySlug('globex')).toBeNull();
    expect(await registry.findBySlug('initech')).toMatchObject({ id: 't_globex', status: 'active' });
    registry.remove('t_acme');
    const left: string[] = [];
    for await (const { id } of registry.list()) left.push(id);
    expect(left).toEqual(['t_globex']);
    expect(registry.lookups.slice(0, 2)).toEqual([
      { by: 'id', name: 't_globex' },
      { by: 'slug', name: 'globex' },
    ]);
  });

  it('refuses a tenant that is there already, and keeps what it had', async () => {
    const registry = new TestTenantRegistry([acme, globex]);
    expect(() => registry.add({ id: 't_other', slug: 'acme' })).toThrow(
      expect.objectContaining({ code: 'tenancy_misconfigured' }),
    );
    expect(() => registry.suspend('t_other')).toThrow('has no tenant with the id "t_other". Add it first.');
    expect(() => registry.remove('t_other')).toThrow('has no tenant');
    expect(await registry.findBySlug('acme')).toMatchObject(acme);
  });

  it('fails and is slow when told to, until it recovers', async () => {
    const registry = new TestTenantRegistry([acme]);
    registry.fail(new Error('no connection'));
    await expect(registry.findById('t_acme')).rejects.toThrow('no connection');
    await expect(registry.findBySlug('acme')).rejects.toThrow('no connection');
    await expect(registry.list()[Symbol.asyncIterator]().next()).rejects.toThrow('no connection');
    registry.recover();
    registry.slow(40);
    const started = performance.now();
    expect(await registry.findById('t_acme')).toMatchObject(acme);
    // A timer may fire a fraction early, never much.
    expect(performance.now() - started).toBeGreaterThan(35);
  });
});

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const SECRET = 'a secret that only this test knows, and long enough for HS512: sixty-four bytes';
const keys: [Algorithm, TestTokenOptions['secret'], Parameters<typeof fromJwt>[0]][] = [
  ['HS256', SECRET, { secret: SECRET }],
  ['HS512', Buffer.from(SECRET), { secret: SECRET, algorithms: ['HS512'] }],
  ['RS256', rsa.privateKey, { publicKey: rsa.publicKey }],
  ['PS384', rsa.privateKey, { publicKey: rsa.publicKey, algorithms: ['PS384'] }],
  ['ES256', ec.privateKey.export({ type: 'pkcs8', format: 'pem' }), { publicKey: ec.publicKey }],
];

describe.each(keys)('test tokens with %s', (algorithm, secret, options) => {
  const identify = (token: string) => fromJwt(options).identify({ headers: { authorization: `Bearer ${token}` } });

  it('name the tenant to fromJwt', () => {
    expect(identify(signTestToken(acme, { secret, algorithm }))).toEqual({ id: 't_acme' });
    expect(identify(signTestToken(acme, { secret, algorithm, claims: { sub: 'user_1' } }))).toEqual({ id: 't_acme' });
  });

  it('do not pass when they are forged', () => {
    const forged = forgedTestTokens(acme, globex, { secret, algorithm });
    expect(Object.keys(forged)).toHaveLength(algorithm.startsWith('HS') ? 12 : 13);
    for (const [what, token] of Object.entries(forged)) {
      expect([what, identify(token)]).not.toEqual([what, { id: 't_acme' }]);
    }
  });

  it('pass a verifier that does not look, each of them but those that are for nobody', () => {
    // So that each is a forgery of a good token, and not merely a broken text.
    const careless: TokenVerifier = (token) =>
      JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
    const accepted = Object.entries(forgedTestTokens(acme, globex, { secret, algorithm })).filter(([, token]) => {
      const hint = fromJwt({ verifier: careless }).identify({ headers: { authorization: `Bearer ${token}` } });
      return hint !== null && 'id' in hint && hint.id === 't_acme';
    });
    expect(accepted).toHaveLength(algorithm.startsWith('HS') ? 9 : 10);
  });
});

it('a test token takes the claim that the application reads, and its own time', () => {
  const token = signTestToken(acme, { secret: SECRET, claim: 'org', expiresIn: 60, claims: { tenantId: 'x' } });
  const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
  expect(claims).toEqual({ org: 't_acme', tenantId: 'x', iat: claims.exp - 60, exp: expect.any(Number) });
  expect(() => signTestToken(acme, { secret: '' })).toThrow('signTestToken needs the `secret`');
});

describe('tenancyTestProviders', () => {
  @Injectable()
  class Billing {
    constructor(
      @Inject(TenantContext) readonly context: TenantContext,
      @Inject(TenantRegistry) readonly registry: TenantRegistry,
      @Inject(TenantAdmin) readonly admin: TenantAdmin,
    ) {}
  }

  it('lets a service be tested that injects the context, the registry and the admin', async () => {
    const audited: TenantAuditEvent[] = [];
    const module = await Test.createTestingModule({
      providers: [
        Billing,
        ...tenancyTestProviders({ tenants: [acme, globex], audit: (event) => void audited.push(event) }),
      ],
    }).compile();
    const billing = module.get(Billing);
    expect(withTenant(acme, () => billing.context.tenantId)).toBe('t_acme');
    expect(await billing.registry.findBySlug('globex')).toMatchObject(globex);
    const inside = await withTenant(acme, () =>
      billing.admin.runAs('t_globex', { reason: 'a test' }, () => billing.context.tenantId),
    );
    expect(inside).toBe('t_globex');
    expect(audited).toMatchObject([{ tenantId: 't_globex', fromTenantId: 't_acme', reason: 'a test' }]);
    const unknown = await billing.admin
      .runAs('t_nobody', { reason: 'a test' }, () => 1)
      .catch((error: unknown) => error);
    expect(isTenancyError(unknown, 'tenant_required')).toBe(true);
    expect(() => billing.context.current()).toThrow(expect.objectContaining({ code: 'tenant_context_missing' }));
  });

  it('takes a registry that the test changes', async () => {
    const registry = new TestTenantRegistry();
    const module = await Test.createTestingModule({ providers: tenancyTestProviders({ tenants: registry }) }).compile();
    expect(module.get(TenantRegistry)).toBe(registry);
  });
});
