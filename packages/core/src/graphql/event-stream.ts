import type { IncomingMessage, ServerResponse } from 'node:http';
import { HttpException, Inject, Injectable, Logger, Optional } from '@nestjs/common';
import { HttpAdapterHost, ModulesContainer } from '@nestjs/core';
import { markLasting } from '../context/lasting.js';
import type { TenantStore } from '../context/storage.js';
import { admitRequest } from '../entrances/admit-request.js';
import { reenterRequest, storeOf } from '../entrances/request-entrance.js';
import { TenancyConfigurationError } from '../errors/configuration-error.js';
import { isTenancyError } from '../errors/tenancy-error.js';
import { firstEnd } from '../handshake/admit-handshake.js';
import { nodeRequest } from '../resolution/tenant-source.js';
import { verifiedPayloads } from '../resolution/verified-payload.js';
import { GraphQLSockets } from './graphql-sockets.js';
import { GRAPHQL_OPTIONS, type ResolvedTenantGraphQLOptions } from './tenant-graphql.options.js';

type Handler = (request: object, response: object) => Promise<void>;

interface Options {
  readonly schema: () => never;
  readonly context: (request: { readonly raw: object }) => Promise<never>;
  readonly authenticate: () => undefined;
}

/** The part of either framework that is used here. */
interface Framework {
  use(path: string, handler: Handler): void;
  all(path: string, handler: Handler): void;
}

/** Subscriptions over server-sent events: requests, which come through the entrance as all others do, and live long. */
@Injectable()
export class EventStream {
  constructor(
    @Inject(HttpAdapterHost) private readonly host: HttpAdapterHost,
    @Inject(ModulesContainer) private readonly modules: ModulesContainer,
    @Inject(GraphQLSockets) private readonly sockets: GraphQLSockets,
    @Optional() @Inject(GRAPHQL_OPTIONS) private readonly options: ResolvedTenantGraphQLOptions,
  ) {}

  /** Called once, before the routes of the application are registered. @throws `tenancy_misconfigured` without graphql-sse. */
  async mount(): Promise<void> {
    const { eventStream } = this.options;
    if (eventStream === null) return;
    const adapter = this.host.httpAdapter;
    const framework = adapter.getInstance<Framework>();
    const isFastify = adapter.getType() === 'fastify';
    const handle = (await handlerOf(isFastify))({
      schema: () => this.schema() as never,
      context: async ({ raw }) => (await this.contextOf(raw)) as never,
      // One stream for each operation: what several are sent over would be opened by whoever has its name.
      authenticate: () => undefined,
    });
    const guarded: Handler = (request, response) => this.serve(request, response, handle);
    if (isFastify) framework.all(eventStream, guarded);
    else framework.use(eventStream, guarded);
  }

  /** @throws `tenancy_misconfigured` for the path of queries and mutations: it is mounted before that, and would take all of them. */
  requireOwnPath(graphql = '/graphql'): void {
    const bare = (path: string) => path.toLowerCase().replaceAll(/^\/+|\/+$/g, '');
    const { eventStream } = this.options;
    if (eventStream === null || bare(eventStream) !== bare(graphql)) return;
    throw new TenancyConfigurationError(
      'TenantGraphQLModule.eventStream',
      'is the path of GraphQL itself',
      `Give it one of its own, such as '${eventStream.replace(/\/+$/, '')}/stream'.`,
    );
  }

  private async serve(request: object, response: object, handle: Handler): Promise<void> {
    const answer = nodeRequest(response) as ServerResponse;
    try {
      const go = async () => {
        this.watch(request, answer);
        await handle(request, response);
      };
      const store = storeOf(request);
      // Resolvers have guards, each of which refuses what is not `@Untenanted()`.
      if (this.sockets.isOpen && store) await reenterRequest(store, go);
      else await admitRequest(request, go);
    } catch (error) {
      refuse(answer, error);
    }
  }

  /** S4: it outlives the token and the suspension as a socket does. */
  private watch(request: object, answer: ServerResponse): void {
    const store = storeOf(request) as TenantStore;
    markLasting(store);
    if (!store.tenant) return;
    const stop = this.sockets.watch.add({
      tenantId: store.tenant.id,
      expires: firstEnd(verifiedPayloads(nodeRequest(request) as IncomingMessage)),
      renew: (now) => {
        store.tenant = now;
      },
      close: (refusal) => {
        Object.assign(store, { tenant: null, refusal });
        answer.end();
      },
    });
    answer.once('close', stop);
  }

  private schema(): unknown {
    for (const { providers } of this.modules.values()) {
      for (const { metatype, instance } of providers.values()) {
        if (isSchemaHost(metatype)) return (instance as { readonly schema: unknown }).schema;
      }
    }
    throw new TenancyConfigurationError(
      'TenantGraphQLModule.eventStream',
      'finds no GraphQLModule',
      'Import one, or leave `eventStream` out.',
    );
  }

  /** The context that resolvers have over HTTP, made as the application says. */
  private async contextOf(raw: object): Promise<object> {
    const own = this.ownContext();
    const isFastify = this.host.httpAdapter.getType() === 'fastify';
    const made: unknown = typeof own === 'function' ? await own(...(isFastify ? [raw] : [{ req: raw }])) : own;
    return typeof made === 'object' && made !== null
      ? Object.assign(Object.create(Object.getPrototypeOf(made)), { req: raw }, made)
      : { req: raw };
  }

  private ownContext(): unknown {
    for (const { providers } of this.modules.values()) {
      const options = providers.get('GqlModuleOptions')?.instance as { readonly context?: unknown } | undefined;
      if (options) return options.context;
    }
    return undefined;
  }
}

/** Known by what it can, since a bundle may have renamed it: Nest's keeper of the schema, which has nothing else. */
function isSchemaHost(metatype: unknown): boolean {
  const prototype: unknown = typeof metatype === 'function' ? metatype.prototype : undefined;
  const schema = prototype ? Object.getOwnPropertyDescriptor(prototype, 'schema') : undefined;
  return schema?.get !== undefined && schema.set !== undefined;
}

async function handlerOf(isFastify: boolean): Promise<(options: Options) => Handler> {
  try {
    const { createHandler } = isFastify
      ? await import('graphql-sse/lib/use/fastify')
      : await import('graphql-sse/lib/use/express');
    return createHandler as never;
  } catch (cause) {
    const error = new TenancyConfigurationError(
      'TenantGraphQLModule.eventStream',
      'is served by graphql-sse, which cannot be loaded',
      'Install graphql-sse, or leave `eventStream` out.',
    );
    throw Object.assign(error, { cause });
  }
}

function refuse(answer: ServerResponse, error: unknown): void {
  if (!isTenancyError(error)) logger.error(error);
  if (answer.headersSent) {
    answer.end();
    return;
  }
  const known = isTenancyError(error) ? error : new HttpException('Internal server error', 500);
  answer.writeHead(known.getStatus(), { 'content-type': 'application/json; charset=utf-8' });
  answer.end(JSON.stringify(known.getResponse()));
}

const logger = new Logger('TenantGraphQLModule');
