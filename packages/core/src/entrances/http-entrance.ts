import { Inject, Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { TenantResolver } from '../resolution/tenant-resolver.js';
import type { TenantRequest } from '../resolution/tenant-source.js';
import { enterRequest, reenterRequest } from './request-entrance.js';

type Hook = (request: TenantRequest, response: unknown, next: (error?: unknown) => void) => void;

interface Adapter {
  getType(): string;
  getInstance(): unknown;
  setOnRequestHook(hook: Hook): void;
  /** Where both adapters keep the hook. Read only, so that a hook of the application's own goes on working. */
  readonly onRequestHook?: Hook;
}

interface FastifyInstance {
  addHook(name: 'preValidation', hook: Hook): void;
}

/**
 * The HTTP entrance: the adapter's own request hook, which runs before body parsers, CORS and every middleware. A
 * middleware of Nest's would come later and cost several times as much.
 */
@Injectable()
export class HttpEntrance {
  readonly #host: HttpAdapterHost;
  readonly #resolver: TenantResolver;

  constructor(@Inject(HttpAdapterHost) host: HttpAdapterHost, @Inject(TenantResolver) resolver: TenantResolver) {
    this.#host = host;
    this.#resolver = resolver;
  }

  /** Called once for each HTTP application, before its routes are registered. */
  open(): void {
    const adapter = this.#host.httpAdapter as unknown as Adapter;
    const previous = adapter.onRequestHook;
    adapter.setOnRequestHook((request, response, next) => {
      enterRequest(this.#resolver, request, previous ? () => previous.call(adapter, request, response, next) : next);
    });
    if (adapter.getType() === 'fastify') {
      // Fastify goes on from the body's last chunk, which arrives in the connection's context and not in the request's.
      (adapter.getInstance() as FastifyInstance).addHook('preValidation', (request, _reply, next) =>
        reenterRequest(request, next),
      );
    }
  }
}
