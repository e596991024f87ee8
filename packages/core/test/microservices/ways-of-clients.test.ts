import { EventEmitter } from 'node:events';
import { headers as natsHeaders } from '@nats-io/transport-node';
import { Controller, Get, Inject, Injectable, Logger, Scope } from '@nestjs/common';
import {
  Client,
  ClientProxy,
  ClientProxyFactory,
  ClientsModule,
  Ctx,
  type CustomTransportStrategy,
  type KafkaContext,
  MessagePattern,
  NatsRecordBuilder,
  Server as NestServer,
  Payload,
  type ReadPacket,
  Transport,
  type WritePacket,
} from '@nestjs/microservices';
import { Test } from '@nestjs/testing';
import { firstValueFrom, lastValueFrom } from 'rxjs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { outsideAnyTenant } from '../../src/adapter.js';
import { TenantMicroservicesModule } from '../../src/microservices.js';
import { call, type Server, serve } from '../server.js';
import {
  acme,
  context,
  globex,
  messages,
  OnEvent,
  type Receiver,
  receiver,
  SECRET,
  seen,
  sender,
  tenancy,
  turns,
} from './application.js';
import { freePort, named, run, wayOf } from './transports.js';

vi.spyOn(Logger.prototype, 'error').mockImplementation(() => {});

@Controller()
class EchoController {
  @MessagePattern('who')
  who(@Payload() data: unknown) {
    return { data, tenant: context.tenantId };
  }

  @MessagePattern(`${run}.headers`)
  headers(@Payload() data: unknown, @Ctx() ctx: { getHeaders(): { get(key: string): string } }) {
    return { data, tenant: context.tenantId, own: ctx.getHeaders().get('x-own') };
  }
}

const closing: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of closing.splice(0).reverse()) await one.close();
});
const closed = <T extends { close(): unknown }>(one: T): T => {
  closing.push(one);
  return one;
};

const port = await freePort();

describe('M4, interleaved over HTTP: a client is stamped', () => {
  const tcp = { transport: Transport.TCP as const, options: { host: '127.0.0.1', port } };

  @Controller()
  class FieldController {
    @Client(tcp)
    private readonly client!: ClientProxy;
    @Get('ask')
    ask() {
      return this.client.send('who', { from: 'field' });
    }
  }

  const asking = (make: (injected: ClientProxy) => ClientProxy = (injected) => injected) => {
    @Controller()
    class AskingController {
      constructor(@Inject('CLIENT') private readonly client: ClientProxy) {}
      @Get('ask')
      ask() {
        return make(this.client).send('who', {});
      }
    }
    return AskingController;
  };
  const one = (provider: object) => ({ controllers: [asking()], providers: [{ provide: 'CLIENT', ...provider }] });

  class CountingClient extends ClientProxy {
    private readonly inner = ClientProxyFactory.create(tcp) as unknown as {
      connect(): Promise<unknown>;
      close(): void;
      publish(packet: unknown, callback: unknown): () => void;
    };
    connect = () => this.inner.connect();
    close = () => this.inner.close();
    publish(packet: ReadPacket, callback: (reply: WritePacket) => void) {
      return this.inner.publish(packet, callback);
    }
    async dispatchEvent<T>() {
      return undefined as T;
    }
    unwrap<T>() {
      return this as unknown as T;
    }
  }

  const ways: Record<string, object> = {
    'of ClientsModule.register': {
      imports: [ClientsModule.register([{ name: 'CLIENT', ...tcp }])],
      controllers: [asking()],
    },
    'of ClientsModule.registerAsync': {
      imports: [ClientsModule.registerAsync([{ name: 'CLIENT', useFactory: async () => tcp }])],
      controllers: [asking()],
    },
    'that a factory makes for each request': one({
      useFactory: () => ClientProxyFactory.create(tcp),
      scope: Scope.REQUEST,
    }),
    'in a field of a controller': { controllers: [FieldController] },
    'of a class of its own': one({ useClass: Injectable()(CountingClient) ?? CountingClient }),
  };

  it.each(Object.keys(ways))('%s', async (way) => {
    closed(await receiver(tcp, [EchoController]));
    const { imports = [], ...rest } = ways[way] as { imports?: never[] };
    const server: Server = closed(await serve('express', { imports: [tenancy(), messages(), ...imports], ...rest }));
    const answers = await Promise.all(
      turns(27).map(({ slug }) => call(server, `${slug}.localhost`, '/ask').then(({ body }) => body['tenant'])),
    );
    expect(answers).toEqual(turns(27).map(({ id }) => id));
  });

  it('that is made by hand is of the only application, and refused by name where there are several', async () => {
    const client = closed(ClientProxyFactory.create(tcp));
    const only = await Test.createTestingModule({
      imports: [tenancy(), messages()],
      controllers: [EchoController],
    }).compile();
    const app = closed(only.createNestApplication({ logger: false }));
    app.connectMicroservice(tcp);
    await app.startAllMicroservices();
    expect(await context.run(acme, () => firstValueFrom(client.send('who', 1)))).toEqual({ data: 1, tenant: 't_acme' });
    expect(() => client.emit('who', 1)).toThrow(/tenant_required/);
    closed(await sender({ ...tcp }));
    expect(() => context.run(acme, () => client.emit('who', 1))).toThrow(/tenancy_misconfigured: .+made by hand/s);
  });
});

it('a hybrid application sends before `init()`, beside one that runs and one whose start has failed', async () => {
  const tcp = { transport: Transport.TCP as const, options: { port: await freePort() } };
  closed(await sender({ ...tcp }));
  const failing = { provide: 'FAILING', useFactory: () => Promise.reject(new Error('no database')) };
  const failed = Test.createTestingModule({ imports: [tenancy(), messages()], providers: [failing] }).compile();
  await expect(failed).rejects.toThrow(/no database/);
  const module = await Test.createTestingModule({
    imports: [tenancy(), messages(), ClientsModule.register([{ name: 'OWN', ...tcp }])],
    controllers: [EchoController],
  }).compile();
  const app = closed(module.createNestApplication({ logger: false }));
  app.connectMicroservice(tcp);
  await app.startAllMicroservices();
  const client = app.get<ClientProxy>('OWN');
  const answers = await Promise.all(
    turns(6).map((tenant) => context.run(tenant, () => firstValueFrom(client.send('who', 1)))),
  );
  expect(answers).toEqual(turns(6).map(({ id }) => ({ data: 1, tenant: id })));
});

describe('M2: what the application has of its own stays', () => {
  it('serializers and deserializers, over TCP', async () => {
    const port = await freePort();
    const serializer = {
      serialize: ({ pattern, data, id }: Record<string, unknown>) => ({ p: pattern, d: data, i: id }),
    };
    const deserializer = { deserialize: ({ p, d, i }: Record<string, unknown>) => ({ pattern: p, data: d, id: i }) };
    const options = { host: '127.0.0.1', port };
    closed(await receiver({ transport: Transport.TCP, options: { ...options, deserializer } }, [EchoController]));
    const { client } = closed(await sender({ transport: Transport.TCP, options: { ...options, serializer } as never }));
    const asked = turns(12);
    const answers = await Promise.all(
      asked.map((tenant, i) => context.run(tenant, () => firstValueFrom(client.send('who', i)))),
    );
    expect(answers).toEqual(asked.map(({ id }, data) => ({ data, tenant: id })));
  });

  const nats = wayOf('NATS');
  it.skipIf(nats.missing !== null)(`headers of records, over ${named(nats)}`, async () => {
    const { server, client } = await nats.open();
    closed(await receiver(server, [EchoController]));
    const from = closed(await sender(client()));
    const headers = natsHeaders();
    headers.set('x-own', 'mine');
    const record = new NatsRecordBuilder({ a: 1 }).setHeaders(headers).build();
    for (const tenant of [acme, globex]) {
      const answer = await context.run(tenant, () => firstValueFrom(from.client.send(`${run}.headers`, record)));
      expect(answer).toEqual({ data: { a: 1 }, tenant: tenant.id, own: 'mine' });
    }
    expect(headers.keys()).toEqual(['x-own']);
  });
});

describe('a custom transport', () => {
  const bus = new EventEmitter();

  class BusServer extends NestServer implements CustomTransportStrategy {
    constructor() {
      super();
      this.initializeSerializer({});
      this.initializeDeserializer({});
    }
    listen(callback: () => void) {
      bus.on('message', async (text: string, respond: (packet: unknown) => void) => {
        const packet = (await this.deserializer.deserialize(JSON.parse(text))) as { pattern: string; data: unknown };
        const handler = this.getHandlerByPattern(packet.pattern);
        const stream = this.transformToObservable(await handler?.(packet.data, {}));
        this.send(stream, respond);
      });
      callback();
    }
    close() {
      bus.removeAllListeners();
    }
    on() {}
    unwrap<T>() {
      return bus as T;
    }
  }

  class BusClient extends ClientProxy {
    async connect() {}
    close() {}
    publish(packet: ReadPacket, callback: (reply: WritePacket) => void) {
      outsideAnyTenant(() => bus.emit('message', JSON.stringify(packet), callback));
      return () => {};
    }
    async dispatchEvent<T>() {
      return undefined as T;
    }
    unwrap<T>() {
      return bus as T;
    }
  }

  it('M2, interleaved: carries the tenant in its packet', async () => {
    closed(await receiver({ strategy: new BusServer() }, [EchoController]));
    const { client } = closed(await sender({ customClass: BusClient } as never));
    const asked = turns(12);
    const answers = await Promise.all(
      asked.map((tenant, i) => context.run(tenant, () => firstValueFrom(client.send('who', i)))),
    );
    expect(answers).toEqual(asked.map(({ id }, data) => ({ data, tenant: id })));
  });
});

describe("Kafka, without a broker: what Nest's client hands to kafkajs' producer is fed to the handler that Nest's server gives kafkajs", () => {
  const ran: string[] = [];

  @Controller()
  class TopicController {
    @OnEvent('sold')
    sold(@Payload() data: { readonly for: string }, @Ctx() ctx: KafkaContext) {
      ran.push(
        `${data.for} ${context.tenantId} ${ctx.getTopic()} ${String(ctx.getMessage().headers?.['x-own'] ?? '')}`,
      );
    }
  }

  interface Record {
    readonly topic: string;
    readonly messages: readonly { readonly value: string; readonly headers: { readonly [name: string]: string } }[];
  }

  it('M2, M3, interleaved: the stamp is a header, in events and in batches, and a forged one is refused', async () => {
    let given: { eachMessage(payload: object): Promise<void> } | undefined;
    const events = new Proxy({}, { get: (_, name) => name });
    const consumer = {
      events,
      on() {},
      async connect() {},
      async disconnect() {},
      async subscribe() {},
      async run(options: typeof given) {
        given = options;
      },
    };
    const records: Record[] = [];
    const producer = {
      events,
      on() {},
      async connect() {},
      async disconnect() {},
      async send(record: Record) {
        records.push(record);
      },
    };
    const { ServerKafka, ClientKafka } = await import('@nestjs/microservices');
    class Topics extends ServerKafka {
      override createClient = async <T>() => ({ consumer: () => consumer, producer: () => producer }) as T;
    }
    class TopicsClient extends ClientKafka {
      override createClient = async <T>() => ({ consumer: () => consumer, producer: () => producer }) as T;
    }
    closed(await receiver({ strategy: new Topics({}) }, [TopicController]));
    const from = closed(await sender({ customClass: TopicsClient, options: { producerOnlyMode: true } } as never));
    await Promise.all(
      turns(6).map((tenant, i) =>
        context.run(tenant, () =>
          i % 2
            ? lastValueFrom(from.client.emit('sold', { for: tenant.id }), { defaultValue: null })
            : lastValueFrom(
                (from.client as unknown as InstanceType<typeof ClientKafka>).emitBatch('sold', {
                  messages: [{ value: { for: tenant.id }, headers: { 'x-own': 'mine' } }],
                }),
                { defaultValue: null },
              ),
        ),
      ),
    );
    const deliver = (changed: (stamp: string) => string = (stamp) => stamp) =>
      Promise.all(
        records.map(({ topic, messages: [message] }) => {
          const headers = Object.entries({ ...message?.headers, tenancy: changed(message?.headers['tenancy'] ?? '') });
          const bytes = Object.fromEntries(headers.map(([name, value]) => [name, Buffer.from(value)]));
          return given?.eachMessage({
            topic,
            partition: 0,
            message: { value: Buffer.from(message?.value ?? ''), headers: bytes },
          });
        }),
      );
    await deliver();
    const expected = turns(6).map(({ id }, i) => `${id} ${id} sold ${i % 2 ? '' : 'mine'}`);
    expect(ran.toSorted()).toEqual(expected.toSorted());
    ran.length = 0;
    await deliver((stamp) => stamp.replace(/^v1\.[^.]+/, 'v1.dF9hY21l').replace(/.$/, 'x'));
    expect(ran).toEqual([]);
    // M7: delivered again.
    await deliver();
    expect(ran.length).toBe(6);
  });
});

describe('the start-up check', () => {
  const starting = (imports: unknown[], client: object) =>
    Test.createTestingModule({
      imports: imports as never[],
      providers: [{ provide: 'PRICES', useValue: client }],
    })
      .compile()
      .then((module) => closed(module.createNestApplication({ logger: false })).init());
  const raw = () => ({ send() {}, emit() {}, connect() {}, createObserver() {}, close() {} });

  it('refuses a client that cannot be held by name, beside TenantMicroservicesModule alone', async () => {
    await expect(starting([tenancy(), messages()], raw())).rejects.toThrow(
      /tenancy_misconfigured: RootTestModule: has the client "PRICES", whose messages cannot carry a tenant.+ClientProxy/s,
    );
    await starting([tenancy()], raw());
  });

  it('refuses a second import, an application without tenants, and wrong options, by name', async () => {
    await expect(starting([tenancy(), messages(), messages()], {})).rejects.toThrow(/is imported twice.+root module/s);
    await expect(starting([messages()], {})).rejects.toThrow(
      /TenantMicroservicesModule: finds no tenants.+TenancyModule/s,
    );
    for (const [options, message] of [
      [{ secret: 'short' }, /TenantMicroservicesModule\.secret: .+5 bytes/],
      [{ maxAge: 0 }, /TenantMicroservicesModule\.maxAge: is no number of seconds above 0.+300/],
      [{ keptMaxAge: '7 days' }, /TenantMicroservicesModule\.keptMaxAge/],
      [{ shared: 'health' }, /TenantMicroservicesModule\.shared: is no list of patterns/],
      [{ secrets: SECRET }, /TenantMicroservicesModule.+secrets/],
    ] as const) {
      expect(() => TenantMicroservicesModule.forRoot(options as never)).toThrow(message);
    }
  });

  it('takes options from injection', async () => {
    const port = await freePort();
    const tcp = { transport: Transport.TCP as const, options: { host: '127.0.0.1', port } };
    class Secrets {
      createMicroservicesOptions = () => ({ secret: SECRET });
    }
    const to: Receiver = closed(await receiver(tcp, [EchoController]));
    expect(to.app).toBeDefined();
    for (const asynchronous of [{ useClass: Secrets }, { useFactory: async () => ({ secret: SECRET }) }]) {
      const module = await Test.createTestingModule({
        imports: [
          tenancy(),
          TenantMicroservicesModule.forRootAsync(asynchronous),
          ClientsModule.register([{ name: 'CLIENT', ...tcp }]),
        ],
      }).compile();
      const app = closed(module.createNestApplication({ logger: false }));
      await app.init();
      const answer = context.run(globex, () => firstValueFrom(app.get<ClientProxy>('CLIENT').send('who', seen())));
      expect(await answer).toEqual({ data: 't_globex', tenant: 't_globex' });
    }
    expect(() => TenantMicroservicesModule.forRootAsync({} as never)).toThrow(/is told no way to its options/);
  });
});
