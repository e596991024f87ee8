import type { EventEmitter } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { Inject, Injectable, type OnModuleDestroy, Optional } from '@nestjs/common';
import { HttpAdapterHost, ModulesContainer } from '@nestjs/core';
import { markLasting } from '../context/lasting.js';
import type { TenantStore } from '../context/storage.js';
import { callListenersInside } from '../entrances/request-events.js';
import { TenancyConfigurationError } from '../errors/configuration-error.js';
import { TenantMismatchError } from '../errors/refusals.js';
import type { TenancyError } from '../errors/tenancy-error.js';
import { type Admission, admitHandshake, firstEnd, keepVerified } from '../handshake/admit-handshake.js';
import { ConnectionWatch } from '../handshake/connection-watch.js';
import { forwardedHostname } from '../handshake/forwarded-hostname.js';
import type { HostnameOf } from '../handshake/handshake-request.js';
import { TenantRegistry } from '../registry/tenant-registry.js';
import { TenantResolver } from '../resolution/tenant-resolver.js';
import { verifiedPayloads } from '../resolution/verified-payload.js';
import { tokensOf } from './connection-params.js';
import { GRAPHQL_OPTIONS, type ResolvedTenantGraphQLOptions } from './tenant-graphql.options.js';
import { hasUntenantedSubscription } from './untenanted-subscription.js';

/** A WebSocket, of ws. */
export interface Socket extends EventEmitter {
  readonly readyState: number;
  readonly OPEN: number;
  close(code: number, reason: string): void;
}

/** Lets sockets of GraphQL in, whichever driver has them, and keeps an eye on them. */
@Injectable()
export class GraphQLSockets implements OnModuleDestroy {
  readonly watch: ConnectionWatch;
  #hostnameOf: HostnameOf | undefined;
  #isOpen: boolean | undefined;

  constructor(
    @Optional() @Inject(TenantResolver) private readonly resolver: TenantResolver,
    @Optional() @Inject(TenantRegistry) registry: TenantRegistry,
    @Inject(HttpAdapterHost) private readonly host: HttpAdapterHost,
    @Inject(ModulesContainer) private readonly modules: ModulesContainer,
    @Optional() @Inject(GRAPHQL_OPTIONS) private readonly options: ResolvedTenantGraphQLOptions,
  ) {
    if (!resolver) throw withoutTenancy();
    if (!options) throw withoutOptions();
    this.watch = new ConnectionWatch(registry, options.recheck);
  }

  /** True where there is something for whoever has no tenant: an `@Untenanted()` subscription. */
  get isOpen(): boolean {
    this.#isOpen ??= hasUntenantedSubscription(this.modules);
    return this.#isOpen;
  }

  /**
   * Identifies the tenant of a socket by all sources of the application, and calls what comes over it as that one from then on. S6: what
   * is refused is closed, with the code as the reason.
   *
   * @param params - what the client sent with `connection_init`
   * @param store - of the upgrade request, where that came through the entrance
   * @returns the store of the socket, or `null` for one that was closed
   */
  async enter(
    socket: Socket,
    request: IncomingMessage,
    params: unknown,
    store: TenantStore = { tenant: null, refusal: null },
  ): Promise<TenantStore | null> {
    const admission = await this.admit(request, params);
    if (admission instanceof TenantMismatchError) return closeWith(socket, admission);
    const { tenant, refusal } = admission;
    // The entrance may have verified a token already, which is kept once.
    const expires = firstEnd(new Map([...verifiedPayloads(request), ...admission.verified]));
    if (refusal && (admission.isForeign || !this.isOpen)) return closeWith(socket, refusal);
    if (socket.readyState !== socket.OPEN) return null;
    Object.assign(store, { tenant, refusal });
    keepVerified(request, admission);
    markLasting(store);
    callListenersInside(store, request);
    callListenersInside(store, socket);
    if (!tenant) return store;
    const stop = this.watch.add({
      tenantId: tenant.id,
      expires,
      renew: (now) => {
        store.tenant = now;
      },
      close: (end) => {
        // What is on its way to it is refused at once.
        Object.assign(store, { tenant: null, refusal: end });
        closeWith(socket, end);
      },
    });
    socket.once('close', stop);
    return store;
  }

  /** True when `params`, which came later, name no other tenant than that of `store`. */
  async agrees(store: TenantStore, request: IncomingMessage, params: unknown): Promise<boolean> {
    const admission = await this.admit(request, params);
    return !(admission instanceof TenantMismatchError) && admission.tenant?.id === store.tenant?.id;
  }

  /** @internal Nest calls this when the application closes. */
  onModuleDestroy(): void {
    this.watch.stop();
  }

  private async admit(request: IncomingMessage, params: unknown): Promise<Admission | TenantMismatchError> {
    const tokens = tokensOf(params);
    // Whoever reads them takes one, and what stands behind may take another.
    if (tokens.length > 1) return new TenantMismatchError();
    // An adapter keeps its trust-proxy setting to itself until it has started.
    this.#hostnameOf ??= forwardedHostname(this.host.httpAdapter as never);
    const { resolver, options } = this;
    const sources = { resolver, hostnameOf: this.#hostnameOf, origins: options.origins };
    return admitHandshake('a socket of GraphQL', sources, request, tokens[0]);
  }
}

/** Codes of the protocol, and for what may come right again the one of WebSockets: clients try again. */
const closeCodes: Readonly<Record<number, number>> = { 401: 4401, 403: 4403, 503: 1013 };

function closeWith(socket: Socket, refusal: TenancyError): null {
  refusal.report();
  socket.close(closeCodes[refusal.getStatus()] ?? 4500, refusal.code);
  return null;
}

const withoutTenancy = () =>
  new TenancyConfigurationError(
    'TenantGraphQLModule',
    'is imported without TenancyModule, which knows the tenants',
    'Import `TenancyModule.forRoot(…)` beside it.',
  );

const withoutOptions = () =>
  new TenancyConfigurationError(
    'TenantGraphQLModule',
    'is imported as a class',
    'Import `TenantGraphQLModule.forRoot()`.',
  );
