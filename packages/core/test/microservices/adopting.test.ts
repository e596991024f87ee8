import type { AddressInfo } from 'node:net';
import {
  type ArgumentsHost,
  Body,
  type CallHandler,
  type CanActivate,
  Catch,
  Controller,
  type ExceptionFilter,
  type ExecutionContext,
  Get,
  type INestApplication,
  Inject,
  Module,
  type ModuleMetadata,
  type NestInterceptor,
  Param,
  Post,
  UseFilters,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common';
import {
  type ClientProxy,
  ClientsModule,
  Ctx,
  EventPattern,
  MessagePattern,
  Payload,
  RpcException,
  type TcpContext,
  Transport,
} from '@nestjs/microservices';
import { Test } from '@nestjs/testing';
import { catchError, from, map, of, throwError, toArray } from 'rxjs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fromSubdomain, TenancyModule } from '../../src/index.js';
import { TenantMicroservicesModule } from '../../src/microservices.js';
import { call, type Server, testRegistry } from '../server.js';

/** The application as it was written, before anybody thought of tenants. */
class NotSecret implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    return context.switchToRpc().getData<{ name: string }>().name !== 'secret';
  }
}

class Doubled implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler) {
    return next
      .handle()
      .pipe(map((price) => ({ ...(price as object), price: (price as { price: number }).price * 2 })));
  }
}

@Catch(RpcException)
class Told implements ExceptionFilter {
  catch(error: RpcException, _host: ArgumentsHost) {
    return throwError(() => ({ status: 'error', message: `told: ${error.message}` }));
  }
}

const heard: unknown[] = [];

@Controller()
class PricesController {
  @UseGuards(NotSecret)
  @UseInterceptors(Doubled)
  @MessagePattern({ cmd: 'price' })
  price(@Payload() { name }: { name: string }, @Ctx() context: TcpContext) {
    return { name, price: name.length, pattern: context.getPattern() };
  }

  @MessagePattern('list')
  list(@Payload('upTo') upTo: number) {
    return from(Array.from({ length: upTo }, (_, n) => n));
  }

  @UseFilters(Told)
  @MessagePattern('fail')
  fail() {
    throw new RpcException('no such price');
  }

  @EventPattern('changed')
  changed(@Payload() event: unknown) {
    heard.push(event);
  }
}

@Controller('prices')
class ShopController {
  constructor(@Inject('PRICES') private readonly client: ClientProxy) {}

  @Get(':name')
  price(@Param('name') name: string) {
    return this.client
      .send<object>({ cmd: 'price' }, { name })
      .pipe(catchError((error: { message?: string }) => of({ failed: error.message })));
  }
  @Get('list/:upTo')
  list(@Param('upTo') upTo: string) {
    return this.client.send<number>('list', { upTo: Number(upTo) }).pipe(toArray());
  }
  @Get('fail/now')
  fail() {
    return this.client
      .send('fail', {})
      .pipe(catchError((error: { message?: string }) => of({ failed: error.message })));
  }
  @Post()
  changed(@Body() body: object) {
    return this.client.emit('changed', body);
  }
}

const tenancy = [
  TenancyModule.forRoot({ registry: testRegistry(), sources: [fromSubdomain({ baseDomain: 'localhost' })] }),
  TenantMicroservicesModule.forRoot({ secret: 's'.repeat(32) }),
];

let port = 20_000 + (process.pid % 1_000) * 4;

describe.each<[string, NonNullable<ModuleMetadata['imports']>]>([
  ['ClientsModule alone', []],
  ['TenantMicroservicesModule beside it', tenancy],
])('an application with %s', (_, imports) => {
  let app: INestApplication;
  let server: Server;

  beforeEach(async () => {
    const address = { transport: Transport.TCP as const, options: { host: '127.0.0.1', port: (port += 1) } };
    @Module({
      imports: [...imports, ClientsModule.register([{ name: 'PRICES', ...address }])],
      controllers: [PricesController, ShopController],
    })
    class AppModule {}
    app = (await Test.createTestingModule({ imports: [AppModule] }).compile()).createNestApplication({ logger: false });
    app.connectMicroservice(address);
    await app.startAllMicroservices();
    await app.listen(0, '127.0.0.1');
    server = { port: (app.getHttpServer().address() as AddressInfo).port } as Server;
  });
  afterEach(() => app.close());

  const get = async (path: string) => (await call(server, 'acme.localhost', `/prices/${path}`)).body as unknown;

  it('asks, by guards, pipes and interceptors of its own', async () => {
    expect(await get('tea')).toEqual({ name: 'tea', price: 6, pattern: '{"cmd":"price"}' });
    expect(await get('secret')).toEqual({ failed: 'Forbidden resource' });
  });

  it('is answered with several values', async () => {
    expect(await get('list/4')).toEqual([0, 1, 2, 3]);
  });

  it('is told exceptions, by filters of its own', async () => {
    expect(await get('fail/now')).toEqual({ failed: 'told: no such price' });
  });

  it('emits', async () => {
    heard.length = 0;
    await call(server, 'acme.localhost', '/prices', { body: { name: 'tea', price: 4 } });
    await expect.poll(() => heard).toEqual([{ name: 'tea', price: 4 }]);
  });
});
