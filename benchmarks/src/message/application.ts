import 'reflect-metadata';
import { createServer } from 'node:net';
import { Controller, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  type ClientOptions,
  type ClientProxy,
  ClientsModule,
  EventPattern,
  MessagePattern,
  type MicroserviceOptions,
  Transport,
} from '@nestjs/microservices';
import { InMemoryTenantRegistry, TenancyModule, type Tenant, TenantContext } from '@tenancy/core';
import { TenantMicroservicesModule } from '@tenancy/core/microservices';
import { asByHand, ByHand, tenantByHand } from './by-hand.js';

/**
 * `bare`: Nest alone. `tenant`, `signed`: TenantMicroservicesModule, without more and with a `secret`. `hand`, `hand-signed`: the least
 * that an application can write for the same.
 */
export type CaseName = 'bare' | 'tenant' | 'signed' | 'hand' | 'hand-signed';

export type TransportName = 'tcp' | 'nats';

/** Frozen, as a registry and `context.current()` return them. */
export const TENANTS: readonly Tenant[] = Array.from({ length: 20 }, (_, n) =>
  Object.freeze({ id: `t_${n}`, slug: `t-${n}` }),
);

const SECRET = 'correct horse battery staple 0123';

export interface Message {
  readonly n: number;
  readonly of: string;
}

export interface Application {
  readonly client: ClientProxy;
  /** Called by the handler of the event, with the tenant that it runs as. */
  onEvent: (message: Message, tenant: string) => void;
  as<R>(tenant: Tenant, fn: () => R): R;
  /** A message as a client is given it. */
  payload(pattern: string, message: Message): object;
}

/** A microservice, and an application with a client of it, in one process: both halves of a message. */
export async function startApplication(name: CaseName, transportName: TransportName): Promise<Application> {
  const options = await optionsOf(transportName);
  const isTenants = name === 'tenant' || name === 'signed';
  const hand = name.startsWith('hand') ? new ByHand(TENANTS, name === 'hand' ? undefined : SECRET) : undefined;
  const context = new TenantContext();
  const application = { onEvent: (_message: Message, _tenant: string) => {} };
  const tenantNow = ({ of }: Message) => {
    if (hand) return tenantByHand();
    return isTenants ? context.tenantId : of;
  };

  @Controller()
  class Orders {
    @MessagePattern(patternOf('send'))
    order(message: Message): Message {
      return { n: message.n, of: tenantNow(message) };
    }

    @EventPattern(patternOf('emit'))
    ordered(data: object): void {
      const message = data as Message;
      application.onEvent(message, tenantNow(message));
    }
  }
  const own = () =>
    isTenants
      ? [
          TenancyModule.forRoot({
            registry: new InMemoryTenantRegistry([...TENANTS]),
            sources: [{ name: 'none', identify: () => null }],
          }),
          TenantMicroservicesModule.forRoot(name === 'signed' ? { secret: SECRET } : {}),
        ]
      : [];
  @Module({ imports: own(), controllers: [Orders] })
  class Service {}
  @Module({ imports: [...own(), ClientsModule.register([{ name: 'ORDERS', ...(options as ClientOptions) }])] })
  class Asking {}
  const service = await NestFactory.createMicroservice<MicroserviceOptions>(Service, {
    ...(options as MicroserviceOptions),
    logger: ['error'],
  });
  if (hand) service.useGlobalInterceptors(hand);
  await service.listen();
  const client = (await NestFactory.createApplicationContext(Asking, { logger: ['error'] })).get<ClientProxy>('ORDERS');
  if (transportName === 'tcp') hand?.stamp(client);
  await client.connect();
  return Object.assign(application, {
    client,
    as: <R>(tenant: Tenant, fn: () => R): R => {
      if (hand) return asByHand(tenant, fn);
      return isTenants ? context.run(tenant, fn) : fn();
    },
    payload: (pattern: string, message: Message) =>
      hand && transportName === 'nats' ? hand.record(pattern, message) : message,
  });
}

/** Of this process alone: a broker is shared. */
export const patternOf = (work: 'send' | 'emit'): string => `bench-${process.pid}.${work}`;

async function optionsOf(transport: TransportName): Promise<object> {
  if (transport === 'nats') return { transport: Transport.NATS, options: { servers: [natsUrl()] } };
  return { transport: Transport.TCP, options: { host: '127.0.0.1', port: await freePort() } };
}

export const natsUrl = (): string => process.env['NATS_URL'] ?? 'nats://127.0.0.1:4222';

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
