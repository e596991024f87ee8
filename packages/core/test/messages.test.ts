import type { AddressInfo } from 'node:net';
import { type CanActivate, Controller, type INestMicroservice, Injectable, Logger, Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import {
  type ClientProxy,
  ClientProxyFactory,
  EventPattern,
  MessagePattern,
  Payload,
  ServerTCP,
  Transport,
} from '@nestjs/microservices';
import { Test } from '@nestjs/testing';
import { defer, firstValueFrom, map, timer } from 'rxjs';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { fromSubdomain, TenancyModule, type Tenant, TenantContext, Untenanted } from '../src/index.js';
import { acme, globex, testRegistry } from './server.js';

const context = new TenantContext();
const seen = () => (context.isActive() ? context.tenantId : 'none');
const ran: string[] = [];

@Controller()
class PricesController {
  @MessagePattern('price')
  price() {
    ran.push('price');
    return 42;
  }

  @MessagePattern({ cmd: 'who' })
  who() {
    return context.tenantId;
  }

  @MessagePattern('lazy')
  lazy() {
    return defer(() => timer(2).pipe(map(() => context.tenantId)));
  }

  @Untenanted()
  @MessagePattern('health')
  health() {
    return seen();
  }

  @Untenanted()
  @MessagePattern('sign-up')
  signUp(@Payload() tenant: Tenant) {
    return context.run(tenant, () => seen());
  }

  @Untenanted()
  @MessagePattern('careless')
  careless() {
    return context.tenantId;
  }

  @EventPattern('sold')
  sold(_: unknown) {
    ran.push('sold');
  }

  @Untenanted()
  @EventPattern('sold')
  soldToo(_: unknown) {
    ran.push(`soldToo ${seen()}`);
  }

  @EventPattern('sold')
  async soldAsWell(_: unknown) {
    ran.push('soldAsWell');
  }

  @Untenanted()
  @EventPattern('done')
  done(_: unknown) {
    ran.push('done');
  }
}

@Untenanted()
@Controller()
class PublicController {
  @MessagePattern('public')
  page() {
    return seen();
  }
}

/** An application's own way: the tenant of a message, entered around its handlers. */
class EnteringServer extends ServerTCP {
  override async handleMessage(socket: never, packet: unknown) {
    const { data } = packet as { data?: { as?: Tenant } };
    return data?.as
      ? context.run(data.as, () => super.handleMessage(socket, packet))
      : super.handleMessage(socket, packet);
  }
}

const guards: string[] = [];
@Injectable()
class NotingGuard implements CanActivate {
  canActivate() {
    guards.push(seen());
    return true;
  }
}

@Module({
  controllers: [PricesController, PublicController],
  imports: [TenancyModule.forRoot({ registry: testRegistry(), sources: [fromSubdomain({ baseDomain: 'localhost' })] })],
  providers: [{ provide: APP_GUARD, useClass: NotingGuard }],
})
class PricesModule {}

interface Running {
  readonly port: number;
  close(): Promise<void>;
}

async function startHybrid(inheritAppConfig: boolean, late = false): Promise<Running> {
  const module = await Test.createTestingModule({ imports: [PricesModule] }).compile();
  const app = module.createNestApplication({ logger: false });
  if (late) await app.init();
  const strategy = new EnteringServer({ host: '127.0.0.1', port: 0 });
  app.connectMicroservice({ strategy }, { inheritAppConfig });
  await app.startAllMicroservices();
  await app.init();
  return { port: portOf(strategy), close: () => app.close() };
}

async function startStandalone(): Promise<Running> {
  const module = await Test.createTestingModule({ imports: [PricesModule] }).compile();
  const strategy = new EnteringServer({ host: '127.0.0.1', port: 0 });
  const app: INestMicroservice = module.createNestMicroservice({ strategy, logger: false });
  await app.listen();
  return { port: portOf(strategy), close: () => app.close() };
}

const portOf = (server: ServerTCP) =>
  (server as unknown as { server: { address(): AddressInfo } }).server.address().port;

const errors = vi.spyOn(Logger.prototype, 'error').mockImplementation(() => {});
const logged = () => errors.mock.calls.map(([line]) => String(line));

describe.each<[string, () => Promise<Running>]>([
  ['a hybrid application', () => startHybrid(false)],
  ['a hybrid application that is connected after it was initialized', () => startHybrid(false, true)],
  ['a hybrid application with inheritAppConfig', () => startHybrid(true)],
  ['a standalone microservice', startStandalone],
])('core-8: in %s', (_, start) => {
  let running: Running;
  let client: ClientProxy;

  beforeAll(async () => {
    running = await start();
    client = ClientProxyFactory.create({
      transport: Transport.TCP,
      options: { host: '127.0.0.1', port: running.port },
    });
    await client.connect();
  });
  afterAll(async () => {
    await client.close();
    await running.close();
  });
  afterEach(() => {
    errors.mockClear();
    ran.length = 0;
  });

  const send = (pattern: unknown, data: unknown = {}) => firstValueFrom(client.send<unknown>(pattern, data));
  const refusal = (pattern: unknown, data: unknown = {}) => send(pattern, data).catch((error: unknown) => error);

  it('M6, M9: a message without a tenant is refused with the code, and its handler does not run', async () => {
    guards.length = 0;
    expect(await refusal('price')).toEqual({ status: 'error', message: 'tenant_required' });
    expect([ran, guards]).toEqual([[], []]);
    expect(logged()).toEqual([expect.stringMatching(/tenant_required: .+PricesController\.price.+@Untenanted\(\)/)]);
  });

  it('M5, M11: a refused event leaves one line in the log, and other handlers of the event run', async () => {
    await firstValueFrom(client.emit('sold', {}));
    await firstValueFrom(client.emit('done', {}));
    await vi.waitFor(() => expect(ran).toContain('done'));
    expect(ran).toEqual(['soldToo none', 'done']);
    expect(logged()).toEqual([
      expect.stringMatching(/event handler PricesController\.sold was called.+@Untenanted\(\)/),
      expect.stringMatching(/event handler PricesController\.soldAsWell was called/),
    ]);
  });

  it('what somebody entered around it, runs as that tenant, a cold Observable too', async () => {
    expect(await send('price', { as: acme })).toBe(42);
    expect(await send({ cmd: 'who' }, { as: acme })).toBe('t_acme');
    expect(await send('lazy', { as: globex })).toBe('t_globex');
    await firstValueFrom(client.emit('sold', { as: acme }));
    await firstValueFrom(client.emit('done', {}));
    await vi.waitFor(() => expect(ran).toContain('done'));
    expect(ran).toEqual(['price', 'sold', 'soldToo none', 'soldAsWell', 'done']);
    expect(logged()).toEqual([]);
  });

  it("interleaved with another tenant's, each runs as its own", async () => {
    const asked = Array.from({ length: 40 }, (_, i) => (i % 2 ? acme : globex));
    const answers = await Promise.all(asked.map((as, i) => send(i % 3 ? 'lazy' : { cmd: 'who' }, { as })));
    expect(answers).toEqual(asked.map(({ id }) => id));
  });

  it('core-5: an untenanted handler has no tenant, even where one was entered, and may enter one', async () => {
    expect(await send('health')).toBe('none');
    expect(await send('health', { as: acme })).toBe('none');
    expect(await send('public', { as: acme })).toBe('none');
    expect(await send('sign-up', globex)).toBe('t_globex');
    expect(await send('sign-up', { ...globex, as: acme })).toBe('t_globex');
  });

  it('core-6: an error inside a handler is its code for the caller, and one line in the log', async () => {
    expect(await refusal('careless')).toEqual({ status: 'error', message: 'tenant_context_missing' });
    expect(logged()).toEqual([expect.stringMatching(/tenant_context_missing: .+PricesController\.careless/s)]);
  });
});
