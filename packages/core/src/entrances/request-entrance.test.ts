import { EventEmitter } from 'node:events';
import { describe, expect, it, vi } from 'vitest';
import { TenantContext } from '../context/tenant-context.js';
import { TenantRequiredError } from '../errors/refusals.js';
import type { TenantResolver } from '../resolution/tenant-resolver.js';
import type { Tenant } from '../tenant.js';
import { enterRequest, storeOf } from './request-entrance.js';

const acme: Tenant = { id: 't_acme', slug: 'acme' };
const globex: Tenant = { id: 't_globex', slug: 'globex' };
const context = new TenantContext();

const enter = (resolve: () => Tenant | Promise<Tenant>, request: object = {}) =>
  new Promise<string>((resolved) => {
    enterRequest({ resolve } as unknown as TenantResolver, request as never, (error) => {
      resolved(error ? String(error) : context.isActive() ? context.tenantId : 'none');
    });
  });
const refuse = () => {
  throw new TenantRequiredError();
};

describe('a request enters its own context, whatever context the call came in', () => {
  it.each<[string, () => Tenant | Promise<Tenant>, string]>([
    ['at once', () => acme, 't_acme'],
    ['later', async () => acme, 't_acme'],
    ['refused at once', refuse, 'none'],
    ['refused later', async () => refuse(), 'none'],
  ])('%s', async (_, resolve, expected) => {
    expect(await enter(resolve)).toBe(expected);
    // As on a connection that is kept alive and brings the context of the request before.
    expect(await context.run(globex, () => enter(resolve))).toBe(expected);
    context.run(globex, () => expect(context.tenantId).toBe('t_globex'));
  });

  it('interleaved, each its own', async () => {
    const later = (tenant: Tenant) => async () => {
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 5));
      return tenant;
    };
    const seen = await Promise.all(Array.from({ length: 50 }, (_, i) => enter(later(i % 2 ? acme : globex))));
    expect(seen).toEqual(seen.map((_, i) => (i % 2 ? 't_acme' : 't_globex')));
  });
});

it("remembers its context on Node's request, which an adapter's wrapper and its middleware share", async () => {
  const raw = {};
  await enter(() => acme, { raw });
  expect(storeOf(raw)?.tenant).toBe(acme);
  expect(storeOf({ raw })).toBe(storeOf(raw));
});

it('hands what is no refusal to the framework', async () => {
  const broken = () => {
    throw new Error('broken');
  };
  expect(await enter(broken)).toBe('Error: broken');
});

it('two copies of the package that enter one request call its listeners once, in the context of the last', async () => {
  vi.resetModules();
  const other = await import('./request-entrance.js');
  const request = new EventEmitter();
  await enter(() => acme, request);
  await new Promise<void>((resolved) => {
    const resolver = { resolve: () => globex } as unknown as TenantResolver;
    other.enterRequest(resolver, request as never, () => resolved());
  });
  const seen: string[] = [];
  request.on('close', () => seen.push(context.tenantId));
  request.emit('close');
  expect(seen).toEqual(['t_globex']);
});
