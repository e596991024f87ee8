import { EventEmitter, once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import type { ModuleMetadata } from '@nestjs/common';
import {
  Args,
  Field,
  GraphQLModule,
  Mutation,
  ObjectType,
  Parent,
  Query,
  ResolveField,
  Resolver,
  Subscription,
} from '@nestjs/graphql';
import { JwtService } from '@nestjs/jwt';
import { MercuriusDriver, type MercuriusDriverConfig } from '@nestjs/mercurius';
import DataLoader from 'dataloader';
import { PubSub } from 'graphql-subscriptions';
import WebSocket from 'ws';
import { TenantGraphQLModule, type TenantGraphQLOptions, TenantPubSub, tenantLoader } from '../../src/graphql.js';
import { fromJwt, fromSubdomain, TenancyModule, TenantContext, type TenantSource } from '../../src/index.js';
import { SECRET, type Server, serve } from '../server.js';
import { MutableRegistry } from './registry.js';

export const context = new TenantContext();
export const seen = () => (context.isActive() ? context.tenantId : 'none');

/** Each step of a subscription, and the tenant that it ran as. */
export const steps: { readonly step: string; readonly as: string; readonly of: string }[] = [];

export const ears = new EventEmitter().setMaxListeners(0);
export const raw = new PubSub({ eventEmitter: ears });
export const pubSub = new TenantPubSub(raw);
export const listening = () => ears.eventNames().reduce((sum, name) => sum + ears.listenerCount(name), 0);

const rows = { t_acme: 'a row of acme', t_globex: 'a row of globex' } as Record<string, string>;
const rowsOf = tenantLoader(
  () => new DataLoader<string, string>(async (ids) => ids.map((id) => `${rows[context.tenantId]} (${id})`)),
);

interface Closed {
  readonly id: string;
  readonly by: string;
}

@ObjectType()
export class Job {
  @Field(() => String) id!: string;
  @Field(() => String) by!: string;
  @Field(() => String) row!: string;
}

const note = (step: string, { by }: Closed) => steps.push({ step, as: seen(), of: by });

@Resolver(() => Job)
export class JobResolver {
  @Query(() => String)
  who() {
    return context.tenantId;
  }

  @Mutation(() => Boolean)
  @Reflect.metadata('design:paramtypes', [String])
  async close(@Args('id', { type: () => String }) id: string) {
    await pubSub.publish('closed', { id, by: context.tenantId });
    return true;
  }

  @Subscription(() => Job, {
    filter: (job: Closed) => {
      note('filter', job);
      return job.id !== 'hidden';
    },
    resolve: (job: Closed) => {
      note('resolve', job);
      return job;
    },
  })
  closed() {
    return pubSub.asyncIterableIterator('closed');
  }

  /** S6: one topic of a raw PubSub, which reaches everybody: shows as whom its events are seen. */
  @Subscription(() => Job, {
    filter: (job: Closed) => {
      note('filter', job);
      return true;
    },
    resolve: (job: Closed) => {
      note('resolve', job);
      return job;
    },
  })
  anybodys() {
    return raw.asyncIterableIterator('anybodys');
  }

  @Subscription(() => Job, { resolve: (job: Closed) => job })
  failing(): AsyncIterator<Closed> {
    throw new Error('the subscription fails');
  }

  @ResolveField(() => String)
  @Reflect.metadata('design:paramtypes', [Object])
  async row(@Parent() job: Closed) {
    await sleep(Math.random() * 3);
    note('row', job);
    return rowsOf().load(job.id);
  }
}

type Driver = readonly ['express' | 'fastify', (more: object) => ReturnType<typeof GraphQLModule.forRoot>];

export const drivers: Readonly<Record<'Apollo' | 'Mercurius', Driver>> = {
  Apollo: [
    'express',
    (more) =>
      GraphQLModule.forRoot<ApolloDriverConfig>({
        ...{ driver: ApolloDriver, autoSchemaFile: true, graphiql: false, subscriptions: { 'graphql-ws': true } },
        ...more,
      }),
  ],
  Mercurius: [
    'fastify',
    (more) =>
      GraphQLModule.forRoot<MercuriusDriverConfig>({
        ...{ driver: MercuriusDriver, autoSchemaFile: true, subscription: true },
        ...more,
      }),
  ],
};

export interface Feed extends Server {
  readonly registry: MutableRegistry;
}

interface Given {
  readonly driver?: object;
  /** In place of the driver's own. */
  readonly graphql?: ReturnType<Driver[1]>;
  readonly module?: TenantGraphQLOptions;
  readonly providers?: ModuleMetadata['providers'];
  readonly sources?: readonly TenantSource[];
}

export async function feed(
  name: keyof typeof drivers,
  { driver = {}, graphql: given, module = {}, providers, sources }: Given = {},
): Promise<Feed> {
  const [adapter, graphql] = drivers[name];
  const registry = new MutableRegistry();
  const server = await serve(adapter, {
    providers: providers ?? [JobResolver],
    imports: [
      given ?? graphql(driver),
      TenancyModule.forRoot({
        registry,
        cache: false,
        sources: sources ?? [fromSubdomain({ baseDomain: 'localhost' }), fromJwt({ secret: SECRET })],
      }),
      TenantGraphQLModule.forRoot({ recheck: 20, ...module }),
    ],
  });
  return { ...server, registry };
}

export const tokenOf = (tenantId: string, expiresIn = 600, secret = SECRET) =>
  new JwtService({ secret }).sign({ tenantId }, { expiresIn });

interface Message {
  readonly id?: string;
  readonly type: string;
  readonly payload?: unknown;
}

/** A client of the protocol, with nothing between: it can say what no library would. */
export class Client {
  readonly told: Message[] = [];
  readonly socket: WebSocket;
  closed: { readonly code: number; readonly reason: string } | undefined;
  #waiting: (() => void)[] = [];

  constructor({ port }: Server, at: string, headers: Readonly<Record<string, string>> = {}) {
    this.socket = new WebSocket(`ws://127.0.0.1:${port}/graphql`, 'graphql-transport-ws', {
      headers: { host: at, ...headers },
    });
    this.socket.on('message', (message) => {
      this.told.push(JSON.parse(String(message)) as Message);
      for (const look of this.#waiting.splice(0)) look();
    });
    this.socket.on('close', (code, reason) => {
      this.closed = { code, reason: String(reason) };
      for (const look of this.#waiting.splice(0)) look();
    });
    this.socket.on('error', () => {});
  }

  async open(): Promise<this> {
    if (this.socket.readyState === this.socket.CONNECTING) await once(this.socket, 'open');
    return this;
  }

  send(message: object): void {
    this.socket.send(JSON.stringify(message));
  }

  async init(payload?: object): Promise<this> {
    await this.open();
    this.send({ type: 'connection_init', ...(payload && { payload }) });
    await this.until(() => this.closed !== undefined || this.told.some(({ type }) => type === 'connection_ack'));
    return this;
  }

  subscribe(query: string, id = '1'): void {
    this.send({ id, type: 'subscribe', payload: { query } });
  }

  async until(is: () => boolean): Promise<void> {
    while (!is()) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** The payloads that came for a subscription, once there are `count` of them. */
  async events(count: number, id = '1'): Promise<unknown[]> {
    const own = () => this.told.filter((message) => message.id === id);
    await this.until(() => own().length >= count || this.closed !== undefined);
    return own().map(({ payload }) => payload);
  }

  async gone(): Promise<{ readonly code: number; readonly reason: string } | undefined> {
    await this.until(() => this.closed !== undefined);
    return this.closed;
  }

  async end(): Promise<void> {
    if (this.closed) return;
    this.socket.close();
    await this.gone();
  }
}

export const CLOSED = 'subscription { closed { id by row } }';

/** Waits until that many listen. */
export async function listeningTo(count: number): Promise<void> {
  while (listening() !== count) await sleep(3);
}
