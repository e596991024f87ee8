import { Inject, Injectable } from '@nestjs/common';
import { ApplicationConfig, HttpAdapterHost } from '@nestjs/core';
import { TenancyConfigurationError } from '../errors/configuration-error.js';
import { isOurs, isTold, reportRaw } from '../errors/told.js';
import { TenantResolver } from '../resolution/tenant-resolver.js';
import type { TenantRequest } from '../resolution/tenant-source.js';
import { askLater } from './admit-request.js';
import { AfterGuardsInterceptor } from './late-entrance.js';
import { enterRequest } from './request-entrance.js';
import { TenantGuard } from './tenant.guard.js';

type Hook = (request: TenantRequest, response: object, next: (error?: unknown) => void) => void;

/** On the adapter, so that another copy of this package sees it, such as that of a library which brought its own. */
const OPENED = Symbol.for('@tenancy/core:opened');

interface Adapter {
  setOnRequestHook(hook: Hook): void;
  /** The hook, as both adapters keep it. Read only, so that a hook of the application's own goes on working. */
  readonly onRequestHook?: Hook;
  [OPENED]?: true;
  getInstance(): object;
  getType(): string;
}

/** The part of Fastify that is used here. */
interface Fastify {
  addHook(name: 'onError', hook: (request: object, reply: object, error: Error) => Promise<void>): void;
}

/**
 * The HTTP entrance: the adapter's own request hook, which runs before body parsers, CORS and every middleware. A
 * middleware of Nest's would come later and cost more.
 */
@Injectable()
export class HttpEntrance {
  constructor(
    @Inject(HttpAdapterHost) private readonly host: HttpAdapterHost,
    @Inject(TenantResolver) private readonly resolver: TenantResolver,
    @Inject(ApplicationConfig) private readonly config: ApplicationConfig,
  ) {
    if (!host.listening) return;
    // Nest mounts no guard of what `LazyModuleLoader` loads, and no middleware.
    throw new TenancyConfigurationError(
      'TenancyModule',
      'it is loaded while the application runs already, and would guard nothing',
      'Import it in the root module.',
    );
  }

  /**
   * Called once for each HTTP application, before its routes are registered.
   *
   * @throws `tenancy_misconfigured` when the adapter has no request hook, or a tenant entrance already.
   */
  open(): void {
    const adapter = this.host.httpAdapter as unknown as Adapter;
    if (typeof adapter.setOnRequestHook !== 'function') {
      throw new TenancyConfigurationError(
        'TenancyModule',
        'the HTTP adapter has no request hook',
        'Use Nest 11.1.4 or later, with its Express or Fastify adapter.',
      );
    }
    if (adapter[OPENED]) {
      throw new TenancyConfigurationError(
        'TenancyModule',
        'it is registered twice, and two entrances could let two tenants in',
        'Register it once, with all the sources; it is global. If only one module of yours does, `npm ls @tenancy/core` shows the other copy.',
      );
    }
    adapter[OPENED] = true;
    tellCodesOfRaw(adapter);
    const { resolver } = this;
    const { onRequestHook: previous } = adapter;
    const asksLater = resolver.asksAfter('middleware') || resolver.asksAfter('guards');
    adapter.setOnRequestHook((request, response, next) => {
      const goOn = previous ? () => previous.call(adapter, request, response, next) : next;
      if (asksLater) askLater(resolver, request);
      enterRequest(resolver, request, goOn, response);
    });
    // X7: a guard of the root module comes before ours otherwise, and would run without the session's word.
    toFront(this.config.getGlobalGuards(), (guard) => guard instanceof TenantGuard);
    if (resolver.asksAfter('guards')) {
      // Frozen, so that nothing holds it: it goes on from nowhere else.
      this.config.getGlobalInterceptors().unshift(Object.freeze(new AfterGuardsInterceptor(resolver)));
    }
  }
}

/**
 * Nest's filters answer for its own handlers, and on Express for every other. What a raw handler or a hook of Fastify throws, Fastify
 * itself answers with its message, which is for the log.
 */
function tellCodesOfRaw(adapter: Adapter): void {
  if (adapter.getType() !== 'fastify') return;
  (adapter.getInstance() as Fastify).addHook('onError', async (_request, _reply, error) => {
    if (!isOurs(error)) return;
    if (!isTold(error)) reportRaw(error);
    error.message = error.code;
  });
}

/** Changes the list itself, which is the application's own. */
function toFront<T>(list: T[], isWanted: (item: T) => boolean): void {
  const [wanted] = list.splice(list.findIndex(isWanted) >>> 0, 1);
  if (wanted !== undefined) list.unshift(wanted);
}
