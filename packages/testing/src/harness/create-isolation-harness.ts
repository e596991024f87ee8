import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { DynamicModule, HttpServer, INestApplication, Type } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import type { Tenant } from '@tenancy/core';
import { outsideAnyTenant } from '@tenancy/core/adapter';
import { discoverEntrances } from '../discovery/discover-entrances.js';
import { watchAdapter } from '../discovery/watch-adapter.js';
import { checkedTenants } from './check-options.js';
import type { IsolationHarnessOptions } from './harness-options.js';
import { HeardLogger } from './heard-logger.js';
import { IsolationHarness } from './isolation-harness.js';
import { checkKnown } from './known-to-application.js';
import { keepPassportStrategies } from './passport-strategies.js';
import type { Recorder } from './recorder.js';
import { usualExits } from './usual-exits.js';

/**
 * Starts the application as it is, on its real HTTP adapter at a free port of the loopback interface, signs a user of
 * each tenant in, and plants rows of each, so that tests can call it as one tenant and look for what is another's.
 *
 * @param module - the module that `main.ts` starts
 * @throws HarnessMisuseError for whatever would make its tests pass without proving anything, and says what to do.
 * @example
 * ```ts
 * import { Module } from '@nestjs/common';
 * import { createIsolationHarness } from '@tenancy/testing';
 *
 * @Module({})
 * class AppModule {}
 *
 * const acme = { id: 't_acme', slug: 'acme' };
 * const globex = { id: 't_globex', slug: 'globex' };
 *
 * const harness = await createIsolationHarness(AppModule, {
 *   tenants: { acme, globex },
 *   seed: async (tenant, { canary, client }) => ({
 *     job: (await client.post('/jobs', { title: canary('title') })).body as { id: string },
 *   }),
 * });
 * const { body } = await harness.as(acme).get('/jobs');
 * await harness.close();
 * ```
 */
export async function createIsolationHarness(
  module: Type<unknown> | DynamicModule,
  options: IsolationHarnessOptions,
): Promise<IsolationHarness> {
  const tenants = checkedTenants(options);
  return outsideAnyTenant(() => start(module, options, tenants));
}

async function start(
  module: Type<unknown> | DynamicModule,
  options: IsolationHarnessOptions,
  tenants: readonly Tenant[],
): Promise<IsolationHarness> {
  const logger = new HeardLogger();
  const builder = Test.createTestingModule({ imports: [module] }).setLogger(logger);
  const compiled = await (options.override?.(builder) ?? builder).compile({ snapshot: true });
  const adapter = typeof options.adapter === 'function' ? options.adapter() : options.adapter;
  const app: INestApplication = adapter
    ? compiled.createNestApplication(adapter, { logger })
    : compiled.createNestApplication({ logger });
  let harness: IsolationHarness | undefined;
  try {
    // Before anything is registered on it, so that routes which no controller has are seen as well.
    watchAdapter(app.getHttpAdapter() as HttpServer);
    await options.configure?.(app);
    await app.listen(0, '127.0.0.1');
    const { port } = app.getHttpServer().address() as AddressInfo;
    await options.prepare?.(app);
    await checkKnown(app, tenants);
    const name = 'module' in module ? module.module.name : module.name;
    const url = `http://127.0.0.1:${port}`;
    const entrances = discoverEntrances(app, options.discovery);
    harness = new IsolationHarness(
      { name, app, url, entrances, tenants, fresh: () => beside(app, () => again(module, options)) },
      options,
    );
    const own = harness;
    const { recorder } = own;
    attribute(app.getHttpServer() as Server, recorder);
    for (const observe of [usualExits, ...(options.observe ?? [])]) {
      await observe(app, (observation) => {
        recorder.saw(observation);
        own.payloads.saw(observation, own);
      });
    }
    await harness.signIn();
    await harness.plantFirst();
    return harness;
  } catch (error) {
    await (harness ?? app).close();
    throw error;
  }
}

/** Another application beside `app`, which has its strategies of Passport back once that one is closed. */
async function beside(app: INestApplication, start: () => Promise<IsolationHarness>): Promise<IsolationHarness> {
  const putBack = keepPassportStrategies(app);
  const fresh = await start().catch((error: unknown) => {
    putBack();
    throw error;
  });
  fresh.atClose(putBack);
  return fresh;
}

/** Each request's work is its own, however late it is done. */
function attribute(server: Server, recorder: Recorder): void {
  const emit = server.emit.bind(server) as (event: string, ...args: unknown[]) => boolean;
  server.emit = (event: string, ...args: unknown[]) =>
    event === 'request' ? recorder.asRequest(() => emit(event, ...args)) : emit(event, ...args);
}

/** @throws Error where the adapter serves the first application. */
async function again(
  module: Type<unknown> | DynamicModule,
  options: IsolationHarnessOptions,
): Promise<IsolationHarness> {
  if (options.adapter && typeof options.adapter !== 'function') {
    throw new Error('an adapter serves one application; pass a function: `adapter: () => new FastifyAdapter()`.');
  }
  return createIsolationHarness(module, options);
}
