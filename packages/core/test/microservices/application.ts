import {
  type CanActivate,
  type DynamicModule,
  type INestApplication,
  type INestMicroservice,
  Injectable,
  type ModuleMetadata,
  type Provider,
  type Type,
} from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import {
  type ClientOptions,
  type ClientProxy,
  ClientsModule,
  type CustomStrategy,
  EventPattern,
  type MicroserviceOptions,
} from '@nestjs/microservices';
import { Test } from '@nestjs/testing';
import { fromSubdomain, InMemoryTenantRegistry, TenancyModule, type Tenant, TenantContext } from '../../src/index.js';
import { TenantMicroservicesModule, type TenantMicroservicesOptions } from '../../src/microservices.js';

export const context = new TenantContext();
export const seen = (): string => (context.isActive() ? context.tenantId : 'none');

export const acme: Tenant = { id: 't_acme', slug: 'acme' };
export const globex: Tenant = { id: 't_globex', slug: 'globex' };
export const initech: Tenant = { id: 't_initech', slug: 'initech' };
export const closed: Tenant = { id: 't_closed', slug: 'closed', status: 'suspended' };
export const gone: Tenant = { id: 't_gone', slug: 'gone' };
export const tenants = [acme, globex, initech] as const;
export const SECRET = 'a secret that only the services of this test know';

export const registry = (): InMemoryTenantRegistry =>
  new InMemoryTenantRegistry([{ ...acme }, { ...globex }, { ...initech }, { ...closed }]);

export const tenancy = (more: object = {}): DynamicModule =>
  TenancyModule.forRoot({ registry: registry(), sources: [fromSubdomain({ baseDomain: 'localhost' })], ...more });

export const messages = (options: TenantMicroservicesOptions = { secret: SECRET }): DynamicModule =>
  TenantMicroservicesModule.forRoot(options);

/** Every tenant's turn, over and over. */
export const turns = (count: number): Tenant[] => Array.from({ length: count }, (_, i) => tenants[i % 3] as Tenant);

export interface Sender {
  readonly client: ClientProxy;
  readonly app: INestApplication;
  close(): Promise<void>;
}

/** An application that asks others: its client is one that Nest injects. */
export async function sender(client: ClientOptions, options?: TenantMicroservicesOptions): Promise<Sender> {
  const module = await Test.createTestingModule({
    imports: [
      tenancy(),
      TenantMicroservicesModule.forRoot(options ?? { secret: SECRET }),
      ClientsModule.register([{ name: 'CLIENT', ...client } as never]),
    ],
  }).compile();
  const app = module.createNestApplication({ logger: false });
  await app.init();
  const own = app.get<ClientProxy>('CLIENT');
  keepReplies(own);
  return { client: own, app, close: () => app.close() };
}

/**
 * Nest's MQTT client gives up the topic of replies once nobody waits, also where somebody is about to: that one waits for ever (see #17671
 * in its source). That is no concern of these tests.
 */
function keepReplies(client: ClientProxy): void {
  if ('unsubscribeFromChannel' in client) client.unsubscribeFromChannel = () => {};
}

/** Nest's `@EventPattern`, for handlers whose parameters are decorated: its own type knows the payload alone. */
export const OnEvent = EventPattern as (pattern: unknown) => MethodDecorator;

export const guards: string[] = [];

@Injectable()
class NotingGuard implements CanActivate {
  canActivate(): boolean {
    guards.push(seen());
    return true;
  }
}

export type Kind = 'a standalone microservice' | 'a hybrid application' | 'a hybrid application with inheritAppConfig';

export interface Receiver {
  readonly app: INestApplication | INestMicroservice;
  close(): Promise<void>;
}

/** An application that answers. */
export async function receiver(
  server: MicroserviceOptions | CustomStrategy,
  controllers: Type[],
  {
    kind = 'a standalone microservice',
    options,
    imports = [],
    providers = [],
    more = {},
  }: {
    kind?: Kind;
    options?: TenantMicroservicesOptions;
    imports?: NonNullable<ModuleMetadata['imports']>;
    providers?: Provider[];
    more?: object;
  } = {},
): Promise<Receiver> {
  const module = await Test.createTestingModule({
    imports: [tenancy(more), TenantMicroservicesModule.forRoot(options ?? { secret: SECRET }), ...imports],
    controllers,
    providers: [{ provide: APP_GUARD, useClass: NotingGuard }, ...providers],
  }).compile();
  if (kind === 'a standalone microservice') {
    const app = module.createNestMicroservice<MicroserviceOptions>({ ...server, logger: false } as never);
    await app.listen();
    return { app, close: () => app.close() };
  }
  const app = module.createNestApplication({ logger: false });
  app.connectMicroservice<MicroserviceOptions>(server as MicroserviceOptions, {
    inheritAppConfig: kind === 'a hybrid application with inheritAppConfig',
  });
  await app.startAllMicroservices();
  await app.init();
  return { app, close: () => app.close() };
}
