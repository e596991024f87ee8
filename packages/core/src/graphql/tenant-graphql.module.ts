import { type DynamicModule, Inject, Module, type NestModule, type OnApplicationBootstrap } from '@nestjs/common';
import { HttpAdapterHost, ModulesContainer } from '@nestjs/core';
import { TenancyConfigurationError } from '../errors/configuration-error.js';
import { EventStream } from './event-stream.js';
import { GraphQLSockets } from './graphql-sockets.js';
import { type GraphqlWsOptions, withTenants as ofGraphqlWs } from './graphql-ws.js';
import { type MercuriusOptions, withTenants as ofMercurius } from './mercurius.js';
import { divideTopics, type MercuriusPubSub } from './mercurius-topics.js';
import { GRAPHQL_OPTIONS, resolveGraphQLOptions, type TenantGraphQLOptions } from './tenant-graphql.options.js';

/** Options of a GraphQL driver of Nest, as far as they concern subscriptions. */
interface DriverOptions {
  readonly path?: string;
  installSubscriptionHandlers?: boolean;
  /** Apollo's. */
  subscriptions?: Readonly<Record<string, unknown>>;
  /** Mercurius' own. */
  subscription?: boolean | MercuriusOptions | null;
}

/** Subscriptions as the application gave them: its options may be those of several applications, as in tests. */
const given = new WeakMap<DriverOptions, Pick<DriverOptions, 'subscriptions' | 'subscription'>>();

/**
 * Lets sockets of GraphQL have a tenant: the one that all sources of the application agree on when they are opened, for every operation and
 * every event. Import it beside `TenancyModule` and `GraphQLModule`; resolvers stay as they are. Events are divided by `TenantPubSub`.
 *
 * @example
 * ```ts
 * import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
 * import { Module } from '@nestjs/common';
 * import { GraphQLModule } from '@nestjs/graphql';
 * import { TenantGraphQLModule } from '@tenancy/core/graphql';
 *
 * @Module({
 *   imports: [
 *     GraphQLModule.forRoot<ApolloDriverConfig>({ driver: ApolloDriver, subscriptions: { 'graphql-ws': true } }),
 *     TenantGraphQLModule.forRoot({ origins: ['https://app.example.com'] }),
 *   ],
 * })
 * class FeedModule {}
 * ```
 */
@Module({ providers: [GraphQLSockets, EventStream] })
export class TenantGraphQLModule implements NestModule, OnApplicationBootstrap {
  constructor(
    @Inject(ModulesContainer) private readonly modules: ModulesContainer,
    @Inject(GraphQLSockets) private readonly sockets: GraphQLSockets,
    @Inject(EventStream) private readonly eventStream: EventStream,
    @Inject(HttpAdapterHost) private readonly host: HttpAdapterHost,
  ) {}

  /**
   * Registers tenants for subscriptions, once, in the root module, beside `GraphQLModule`.
   * @throws `tenancy_misconfigured` at once, naming the option that is wrong and the fix.
   */
  static forRoot(options?: TenantGraphQLOptions): DynamicModule {
    const resolved = resolveGraphQLOptions(options);
    return {
      module: TenantGraphQLModule,
      providers: [{ provide: GRAPHQL_OPTIONS, useValue: resolved }],
    };
  }

  /** @internal Nest calls this for HTTP applications, before GraphQL starts. */
  async configure(): Promise<void> {
    for (const { providers } of this.modules.values()) {
      const options = providers.get('GqlModuleOptions')?.instance as DriverOptions | undefined;
      if (!options) continue;
      this.eventStream.requireOwnPath(options.path);
      this.enterSockets(options);
    }
    await this.eventStream.mount();
  }

  /** @internal Nest calls this once GraphQL has started. */
  onApplicationBootstrap(): void {
    const instance = this.host.httpAdapter?.getInstance?.() as
      | { readonly graphql?: { readonly pubsub?: MercuriusPubSub } }
      | undefined;
    const pubSub = instance?.graphql?.pubsub;
    if (pubSub) divideTopics(pubSub);
  }

  private enterSockets(options: DriverOptions): void {
    const before = given.get(options) ?? { ...options };
    given.set(options, before);
    const { subscriptions, subscription } = before;
    if (subscriptions?.['subscriptions-transport-ws']) {
      throw new TenancyConfigurationError(
        'GraphQLModule.subscriptions',
        "serves 'subscriptions-transport-ws', which is given up by its authors and has no tenants here",
        "Use `{ 'graphql-ws': true }`, and graphql-ws in clients.",
      );
    }
    const ws = subscriptions ? subscriptions['graphql-ws'] : options.installSubscriptionHandlers;
    if (ws) {
      const own = (ws === true ? {} : ws) as GraphqlWsOptions;
      options.subscriptions = { ...subscriptions, 'graphql-ws': ofGraphqlWs(own, this.sockets) };
    }
    if (subscription) {
      options.subscription = ofMercurius(subscription === true ? {} : subscription, this.sockets);
    }
  }
}
