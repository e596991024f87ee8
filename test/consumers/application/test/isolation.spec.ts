import 'reflect-metadata';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { TenantContext } from '@tenancy/core';
import { createIsolationHarness, type IsolationHarness, signTestToken, withTenant } from '@tenancy/testing';
import { appModule } from '../src/app.module.js';
import { SECRET } from '../src/companies.js';
import { afterAll, beforeAll, describe, expect, it } from './runner.js';

const acme = { id: 't_acme', slug: 'acme' };
const globex = { id: 't_globex', slug: 'globex' };
const adapters = { Express: () => new ExpressAdapter(), Fastify: () => new FastifyAdapter() };

describe.each(['Express', 'Fastify'] as const)('the isolation harness on %s', (name) => {
  let harness: IsolationHarness;
  beforeAll(async () => {
    harness = await createIsolationHarness(appModule('forRoot'), {
      adapter: adapters[name](),
      tenants: { acme, globex },
      host: ({ slug }) => `${slug}.app.example.com`,
      signIn: (tenant) => signTestToken(tenant, { secret: SECRET }),
      seed: async (_, { canary, client }) => {
        const { body } = await client.post('/jobs', { title: canary('title') });
        return { job: body as { title: string } };
      },
    });
  });
  afterAll(() => harness.close());

  it('calls as each tenant, and nothing of the other is in the answer', async () => {
    for (const [own, other] of [
      [acme, globex],
      [globex, acme],
    ] as const) {
      const answer = await harness.as(own).post('/jobs', harness.planted(own)['job']);
      expect(answer).toBelongToTenant(own);
      expect(answer).toLeakNothingOf(other);
      expect(answer).not.toLeakNothingOf(own);
    }
  });

  it('refuses a token of globex on the host of acme', async () => {
    const { headers } = await harness.identityOf(globex);
    const { host } = await harness.identityOf(acme);
    expect(await harness.client({ host, headers }).get('/jobs')).toRefuseTenant('tenant_mismatch');
  });

  it('tells what needs a tenant', async () => {
    await expect(() => new TenantContext().tenantId).toRequireTenant();
    expect(withTenant(acme, () => new TenantContext().tenantId)).toBe('t_acme');
  });
});
