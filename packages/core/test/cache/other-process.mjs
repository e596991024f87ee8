// A process of an application's own, over the built package: `node other-process.mjs <url> <namespace> <levels> <nonBlocking>`.
import 'reflect-metadata';
import KeyvRedis from '@keyv/redis';
import { CACHE_MANAGER } from '@nestjs/cache-manager';
import { NestFactory } from '@nestjs/core';
import { Keyv } from 'keyv';
import { TenantCacheModule } from '../../dist/cache.js';
import { TenantContext } from '../../dist/index.js';

const [, , url, namespace, levels, nonBlocking] = process.argv;
const redis = new Keyv({ store: new KeyvRedis(url, { namespace }), namespace, useKeyPrefix: false });
const module = TenantCacheModule.register({
  stores: levels === '2' ? [new Keyv(), redis] : redis,
  nonBlocking: nonBlocking === 'true',
  clearedWithin: 100,
});
const app = await NestFactory.createApplicationContext(module, { logger: false });
const cache = app.get(CACHE_MANAGER);
const context = new TenantContext();

process.on('message', async ({ tenant, operation, args }) => {
  process.send({ answer: await context.run(tenant, () => cache[operation](...args)) });
});
process.on('disconnect', () => app.close().finally(() => process.exit()));
process.send({ answer: 'ready' });
