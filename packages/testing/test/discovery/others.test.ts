import {
  OnQueueEvent,
  OnWorkerEvent,
  Processor,
  QueueEventsHost,
  QueueEventsListener,
  WorkerHost,
} from '@nestjs/bullmq';
import { Controller, Get, Injectable, Module, Scope } from '@nestjs/common';
import { EventEmitterModule, OnEvent } from '@nestjs/event-emitter';
import { EventPattern, GrpcMethod, MessagePattern } from '@nestjs/microservices';
import { WsAdapter } from '@nestjs/platform-ws';
import { Cron, Interval, ScheduleModule, Timeout } from '@nestjs/schedule';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { Untenanted } from '@tenancy/core';
import { afterEach, describe, expect, it } from 'vitest';
import { type AdapterName, type Discovered, discovered } from './discovered.js';

abstract class Chat {
  @SubscribeMessage('send')
  send() {
    return 'sent';
  }
}

@WebSocketGateway()
class ChatGateway extends Chat {
  handleConnection() {}

  @Untenanted()
  @SubscribeMessage('ping')
  ping() {
    return 'pong';
  }

  notAHandler() {}
}

@Controller('orders')
class OrdersController {
  @MessagePattern('orders.create')
  create() {}

  @EventPattern('orders.created')
  created(_data: unknown, ..._rest: unknown[]) {}

  @GrpcMethod('Orders', 'Find')
  find() {}

  @Get()
  @OnEvent('orders.listed')
  list() {
    return [];
  }
}

@Injectable()
class ReportsService {
  @Cron('0 3 * * *')
  nightly() {}

  @Interval(3_600_000)
  hourly() {}

  @Timeout(3_600_000)
  later() {}

  @OnEvent('a')
  @OnEvent('b')
  heard() {}
}

@Injectable({ scope: Scope.REQUEST })
class RequestScopedService {
  @OnEvent('c')
  heard() {}
}

class MadeByFactory {
  @Cron('0 4 * * *')
  nightly() {}
}

class GivenAsValue {
  @OnEvent('d')
  heard() {}
}

@Module({
  imports: [ScheduleModule.forRoot(), EventEmitterModule.forRoot()],
  controllers: [OrdersController],
  providers: [
    ChatGateway,
    ReportsService,
    RequestScopedService,
    { provide: 'factory', useFactory: () => new MadeByFactory() },
    { provide: 'value', useValue: new GivenAsValue() },
    { provide: 'alias', useExisting: ReportsService },
    // What is no class at all.
    { provide: 'plain', useValue: { constructor: null } },
  ],
})
class AppModule {}

let application: Discovered | undefined;
afterEach(async () => {
  await application?.app.close();
  application = undefined;
});

describe.each(['Express', 'Fastify'] as const)('what no HTTP request calls, on %s', (adapter: AdapterName) => {
  it('is found by its decorators, whoever made the instance', async () => {
    application = await discovered(AppModule, adapter, (app) => app.useWebSocketAdapter(new WsAdapter(app)));
    expect([...application.ids].sort()).toEqual(
      [
        'websocket ChatGateway.send',
        'websocket ChatGateway.ping',
        'websocket ChatGateway.handleConnection',
        'message OrdersController.create',
        'message OrdersController.find',
        'event OrdersController.created',
        'event OrdersController.list',
        'GET /orders',
        'cron ReportsService.nightly',
        'cron ReportsService.hourly',
        'cron ReportsService.later',
        'event ReportsService.heard',
        'event RequestScopedService.heard',
        'cron MadeByFactory.nightly',
        'event GivenAsValue.heard',
      ].sort(),
    );
    expect(application.find('websocket ChatGateway.ping').isUntenanted).toBe(true);
    expect(application.find('websocket ChatGateway.send')).toEqual({
      id: 'websocket ChatGateway.send',
      kind: 'websocket',
      handler: 'ChatGateway.send',
      isUntenanted: false,
      route: null,
    });
  });
});

it('finds what BullMQ calls', async () => {
  @Processor('mail')
  class MailProcessor extends WorkerHost {
    async process() {}

    @OnWorkerEvent('completed')
    completed() {}
  }
  @Processor('reports')
  class ReportsProcessor extends MailProcessor {}
  @QueueEventsListener('mail')
  class MailEvents extends QueueEventsHost {
    @OnQueueEvent('failed')
    failed() {}
  }
  // Without BullModule, which would connect to a broker; discovery reads what the decorators say.
  @Module({ providers: [MailProcessor, ReportsProcessor, MailEvents] })
  class Queues {}
  application = await discovered(Queues);
  expect(application.ids).toEqual([
    'queue MailProcessor.completed',
    'queue MailProcessor.process',
    'queue ReportsProcessor.completed',
    'queue ReportsProcessor.process',
    'queue MailEvents.failed',
  ]);
});

it('tells classes of one name apart', async () => {
  const named = () => {
    @Injectable()
    class Listener {
      @OnEvent('a')
      heard() {}
    }
    return Listener;
  };
  @Module({ providers: [named()] })
  class One {}
  @Module({ imports: [One], providers: [{ provide: 'other', useClass: named() }] })
  class Two {}
  application = await discovered(Two);
  expect(new Set(application.ids).size).toBe(2);
});
