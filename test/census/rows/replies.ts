import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { Controller, Get, Inject, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  type ClientProxy,
  ClientsModule,
  MessagePattern,
  type MicroserviceOptions,
  Transport,
} from '@nestjs/microservices';
import { firstValueFrom, map, mergeMap, timer } from 'rxjs';
import { overHttp, type Row, type Seen, type Start, type Subject, seen, type Verdict } from '../row.js';

@Controller()
class PriceController {
  @MessagePattern('price')
  price() {
    return timer(1).pipe(map(() => 1));
  }
}

@Module({ controllers: [PriceController] })
class PriceModule {}

/** A service without tenants, over TCP. */
async function startPrices({ later }: Start): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  const service = await NestFactory.createMicroservice<MicroserviceOptions>(PriceModule, {
    transport: Transport.TCP,
    options: { host: '127.0.0.1', port },
    logger: false,
  });
  await service.listen();
  later(() => service.close());
  return port;
}

/** Uses that a handler makes of the one client that Nest injects. */
const handler = (
  what: string,
  verdict: Verdict,
  call: (prices: ClientProxy) => unknown,
  extra: Pick<Row, 'fix'> = {},
): Row =>
  overHttp(
    what,
    verdict,
    () => {
      @Controller('row')
      class RowController {
        constructor(@Inject('PRICES') readonly prices: ClientProxy) {}

        @Get()
        get() {
          return call(this.prices);
        }
      }
      const options = { host: '127.0.0.1', port: 0 };
      return {
        metadata: {
          imports: [ClientsModule.register([{ name: 'PRICES', transport: Transport.TCP, options }])],
          controllers: [RowController],
        },
        started: async (start) => {
          const port = await startPrices(start);
          // Before the first request, which connects it.
          Object.assign(start.app.get<object>('PRICES', { strict: false }), { port });
        },
        ask: async (client) => (await client.send('/row')).body['seen'] as Seen,
      };
    },
    { adapters: ['express'], ...extra },
  );

export const replies: Subject = {
  about: "Replies of Nest's microservice clients",
  rows: [
    handler('`await firstValueFrom(client.send(…))`', 'right', async (prices) => {
      await firstValueFrom(prices.send('price', {}));
      return { seen: seen() };
    }),
    handler('what is piped behind `client.send(…)` and returned by a handler', 'right', (prices) =>
      prices.send('price', {}).pipe(mergeMap(async () => ({ seen: seen() }))),
    ),
    handler(
      'what a handler subscribes to by hand behind `client.send(…)`',
      'right',
      (prices) => new Promise((resolve) => prices.send('price', {}).subscribe(() => resolve({ seen: seen() }))),
    ),
  ],
};
