import { type AddressInfo, createServer } from 'node:net';
import {
  type CallHandler,
  Controller,
  Get,
  Inject,
  Module,
  type NestInterceptor,
  Param,
  Sse,
  UseInterceptors,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  type ClientProxy,
  ClientProxyFactory,
  ClientsModule,
  EventPattern,
  MessagePattern,
  type MicroserviceOptions,
  RpcException,
  Transport,
} from '@nestjs/microservices';
import {
  catchError,
  concatMap,
  defer,
  delay,
  finalize,
  firstValueFrom,
  forkJoin,
  from,
  map,
  mergeMap,
  of,
  throwError,
  timer,
  toArray,
} from 'rxjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fromSubdomain, InMemoryTenantRegistry, TenancyModule, TenantContext, Untenanted } from '../src/index.js';
import { type Broker, brokersHere } from './brokers.js';
import { call, type Server, serve } from './server.js';

const context = new TenantContext();
const seen = () => (context.isActive() ? context.tenantId : 'none');
const slugs = ['acme', 'globex', 'initech'];
const tenancy = () =>
  TenancyModule.forRoot({
    registry: new InMemoryTenantRegistry(slugs.map((slug) => ({ id: `t_${slug}`, slug }))),
    sources: [fromSubdomain({ baseDomain: 'localhost' })],
  });

@Controller()
class PriceController {
  @MessagePattern('price')
  price() {
    return timer(Math.random() * 4).pipe(map(() => 1));
  }

  @MessagePattern('prices')
  prices() {
    return from([1, 2, 3]).pipe(concatMap((n) => of(n).pipe(delay(1))));
  }

  @MessagePattern('none')
  none() {
    return timer(1).pipe(mergeMap(() => throwError(() => new RpcException('none'))));
  }

  @EventPattern('sold')
  sold(_: unknown) {}
}

/** A service that knows nothing of tenants. */
@Module({ controllers: [PriceController] })
class PriceModule {}

class TellingInterceptor implements NestInterceptor {
  intercept(_: unknown, next: CallHandler) {
    return next.handle().pipe(
      mergeMap(async (value) => [value, seen()]),
      map((value) => [...value, seen()]),
    );
  }
}

const shapes: Readonly<Record<string, (prices: ClientProxy) => unknown>> = {
  mergeMap: (prices) => prices.send('price', {}).pipe(mergeMap(async () => [seen()])),
  map: (prices) => prices.send('price', {}).pipe(map(() => [seen()])),
  'several replies': (prices) => prices.send('prices', {}).pipe(map(seen), toArray()),
  forkJoin: (prices) => forkJoin([prices.send('price', {}).pipe(map(seen)), prices.send('prices', {}).pipe(map(seen))]),
  firstValueFrom: async (prices) => [await firstValueFrom(prices.send('price', {}).pipe(map(seen))), seen()],
  'by hand': (prices) => new Promise((resolve) => prices.send('price', {}).subscribe(() => resolve([seen()]))),
  completion: (prices) => new Promise((done) => prices.send('price', {}).subscribe({ complete: () => done([seen()]) })),
  errors: (prices) => prices.send('none', {}).pipe(catchError(async () => [seen()])),
  finalize: (prices) =>
    new Promise((resolve) =>
      prices
        .send('price', {})
        .pipe(finalize(() => resolve([seen()])))
        .subscribe(),
    ),
  'a promise of it': async (prices) => prices.send('price', {}).pipe(map(() => [seen()])),
  emit: (prices) =>
    new Promise((resolve) =>
      prices
        .emit('sold', {})
        .subscribe({ complete: () => resolve([seen()]), error: (e: Error) => resolve([e.message]) }),
    ),
};

@Controller()
class AskingController {
  constructor(@Inject('PRICES') private readonly prices: ClientProxy) {}

  @Get('shape/:shape')
  shape(@Param('shape') shape: string) {
    return shapes[shape]?.(this.prices);
  }

  @Get('intercepted')
  @UseInterceptors(TellingInterceptor)
  intercepted() {
    return this.prices.send('price', {}).pipe(map(seen));
  }

  @Sse('sse')
  sse() {
    return this.prices.send('prices', {}).pipe(map(() => ({ data: seen() })));
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const tcp: Broker = {
  name: 'TCP',
  options: { transport: Transport.TCP, options: { host: '127.0.0.1', port: await freePort() } },
  missing: null,
};

/** 27 requests of three tenants at once; the first of them connects. */
const ask = (server: Server, path: string) =>
  Promise.all(Array.from({ length: 27 }, (_, i) => call(server, `${slugs[i % 3]}.localhost`, path)));
const owners = Array.from({ length: 27 }, (_, i) => `t_${slugs[i % 3]}`);

describe.each([tcp, ...(await brokersHere())])('core-1, M4: over $name', ({ options, missing }) => {
  const title = (what: string) => (missing === null ? what : `${what}: ${missing}`);
  let service: Awaited<ReturnType<typeof NestFactory.createMicroservice>>;
  let server: Server;

  beforeAll(async () => {
    if (missing !== null) return;
    service = await NestFactory.createMicroservice<MicroserviceOptions>(PriceModule, {
      ...(options as MicroserviceOptions),
      logger: false,
    });
    await service.listen();
    server = await serve('express', {
      imports: [tenancy(), ClientsModule.registerAsync([{ name: 'PRICES', useFactory: async () => options }])],
      controllers: [AskingController],
    });
  });
  afterAll(async () => {
    await server?.close();
    await service?.close();
  });

  describe.skipIf(missing !== null)(title('27 of 27 requests are answered as their own tenant'), () => {
    it.each(Object.keys(shapes))('%s', async (shape) => {
      const answers = await ask(server, `/shape/${encodeURIComponent(shape)}`);
      expect(answers.map(({ body }) => [...new Set(body as unknown as string[])])).toEqual(owners.map((id) => [id]));
    });

    it('what an interceptor does behind it', async () => {
      const answers = await ask(server, '/intercepted');
      expect(answers.map(({ body }) => body)).toEqual(owners.map((id) => [id, id, id]));
    });

    it('server-sent events', async () => {
      const answers = await ask(server, '/sse');
      expect(answers.map(({ text }) => text.match(/t_\w+/g))).toEqual(owners.map((id) => [id, id, id]));
    });
  });
});

it("core-1: what a connection itself tells is nobody's, whoever connected it", async () => {
  const service = await NestFactory.createMicroservice<MicroserviceOptions>(PriceModule, {
    ...(tcp.options as MicroserviceOptions),
    logger: false,
  });
  await service.listen();
  const client = ClientProxyFactory.create(tcp.options);
  const server = await serve('express', { imports: [tenancy()], providers: [{ provide: 'PRICES', useValue: client }] });
  const told = new Promise((resolve) => client.status.subscribe(() => resolve(seen())));
  await context.run({ id: 't_acme', slug: 'acme' }, () => firstValueFrom(client.send('price', {})));
  expect(await told).toBe('none');
  await server.close();
  client.close();
  await service.close();
});

@Controller()
class EnteringController {
  @Untenanted()
  @MessagePattern('who')
  who(slug: string) {
    return context.run({ id: `t_${slug}`, slug }, () => defer(() => timer(Math.random() * 4)).pipe(map(seen)));
  }
}

it('M10: a cold Observable that a message handler returns is subscribed to inside the tenant it has entered', async () => {
  @Module({ imports: [tenancy()], controllers: [EnteringController] })
  class EnteringModule {}
  const options = { host: '127.0.0.1', port: await freePort() };
  const service = await NestFactory.createMicroservice<MicroserviceOptions>(EnteringModule, {
    transport: Transport.TCP,
    options,
    logger: false,
  });
  await service.listen();
  const client = ClientProxyFactory.create({ transport: Transport.TCP, options });
  const answers = owners.map((_, i) => firstValueFrom(client.send('who', slugs[i % 3])));
  expect(await Promise.all(answers)).toEqual(owners);
  client.close();
  await service.close();
});
