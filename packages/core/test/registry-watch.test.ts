import { setTimeout as sleep } from 'node:timers/promises';
import { Controller, Get } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { describe, expect, it } from 'vitest';
import { CachedTenantRegistry, fromSubdomain, TenancyModule, type Tenant, TenantRegistry } from '../src/index.js';
import { call, serve } from './server.js';

class WatchedRegistry extends TenantRegistry {
  asked = 0;
  stops = 0;
  status = 'active';
  changed: ((id?: string) => void) | undefined;

  async findById(id: string): Promise<Tenant | null> {
    this.asked += 1;
    return { id, slug: id, status: this.status };
  }

  findBySlug(slug: string): Promise<Tenant | null> {
    return this.findById(slug);
  }

  override watch(changed: (id?: string) => void): () => Promise<void> {
    this.changed = changed;
    return async () => {
      this.stops += 1;
      await sleep(1);
      this.changed = undefined;
    };
  }
}

@Controller()
class WhoController {
  @Get()
  who() {
    return 'in';
  }
}

const sources = [fromSubdomain({ baseDomain: 'app.test' })];
const moduleOf = (registry: TenantRegistry, more = {}) => TenancyModule.forRoot({ registry, sources, ...more });

describe('a registry that tells of changes', () => {
  it('has them hold at the next request, and is left alone when the application ends', async () => {
    const registry = new WatchedRegistry();
    const server = await serve('express', { controllers: [WhoController], imports: [moduleOf(registry)] });
    const status = async (slug: string) => (await call(server, `${slug}.app.test`, '/')).status;
    expect([await status('acme'), await status('globex'), await status('acme')]).toEqual([200, 200, 200]);
    expect(registry.asked).toBe(2);
    registry.status = 'suspended';
    expect(await status('acme')).toBe(200);
    registry.changed?.('acme');
    await Promise.resolve();
    expect([await status('acme'), await status('globex')]).toEqual([403, 200]);
    registry.changed?.();
    await Promise.resolve();
    expect(await status('globex')).toBe(403);
    await server.close();
    expect([registry.stops, registry.changed]).toEqual([1, undefined]);
  });

  it.each([[''], [5], [null], [{}], ['nobody'], ['\0'], ['x'.repeat(10_000)]])(
    'may say %j, which is no id of a tenant',
    async (told) => {
      const registry = new WatchedRegistry();
      const app = await NestFactory.createApplicationContext(moduleOf(registry), { logger: false });
      const cache = app.get(CachedTenantRegistry);
      await cache.findById('acme');
      registry.changed?.(told as string);
      await Promise.resolve();
      expect(cache.peek('id', 'acme')).toEqual(typeof told === 'string' && told !== '' ? expect.anything() : undefined);
      await app.close();
      expect(registry.stops).toBe(1);
    },
  );

  it('may tell of very many at once', async () => {
    const registry = new WatchedRegistry();
    const app = await NestFactory.createApplicationContext(moduleOf(registry), { logger: false });
    const cache = app.get(CachedTenantRegistry);
    for (let i = 0; i < 20_000; i += 1) await cache.findById(`t${i}`);
    const begun = performance.now();
    for (let i = 0; i < 20_000; i += 1) registry.changed?.(`t${i}`);
    await Promise.resolve();
    expect(performance.now() - begun).toBeLessThan(1_000);
    expect(cache.peek('id', 't1')).toBeUndefined();
    await app.close();
  });

  it('is not asked to where nothing is cached, and is where nothing ever listens', async () => {
    const registry = new WatchedRegistry();
    const uncached = await NestFactory.createApplicationContext(moduleOf(registry, { cache: false }), {
      logger: false,
    });
    expect(registry.changed).toBeUndefined();
    await uncached.close();
    const module = await Test.createTestingModule({ imports: [moduleOf(registry)] }).compile();
    const app = module.createNestApplication({ logger: false });
    await app.init();
    expect(registry.changed).toBeTypeOf('function');
    await app.close();
    expect(registry.stops).toBe(1);
  });
});
