import type { IncomingMessage } from 'node:http';
import type { INestApplication } from '@nestjs/common';
import { WsAdapter } from '@nestjs/platform-ws';
import type { MessageMappingProperties } from '@nestjs/websockets';
import { type Tenant, TenantContext, TenantResolver, verifiedPayload } from '@tenancy/core';
import type { Observable } from 'rxjs';
import type { Server, WebSocket } from 'ws';

/** A connection is resolved as a request is, once; each of its messages is handled as that tenant. */
export class TenantWsAdapter extends WsAdapter {
  readonly #connected = new WeakMap<WebSocket, Promise<Tenant>>();
  readonly #resolver: TenantResolver;
  readonly #context: TenantContext;

  constructor(app: INestApplication) {
    super(app);
    this.#resolver = app.get(TenantResolver);
    this.#context = app.get(TenantContext);
  }

  override bindClientConnect(server: Server, connect: (socket: WebSocket, request: IncomingMessage) => void): void {
    server.on('connection', (socket, request) => {
      const tenant = this.#signedIn(request);
      tenant.catch(() => socket.close(4401));
      this.#connected.set(socket, tenant);
      connect(socket, request);
    });
  }

  override bindMessageHandlers(
    socket: WebSocket,
    handlers: MessageMappingProperties[],
    transform: (data: unknown) => Observable<unknown>,
  ): void {
    const inside = handlers.map((handler) => ({
      ...handler,
      callback: async (...args: unknown[]) => {
        const tenant = await (this.#connected.get(socket) as Promise<Tenant>);
        return this.#context.run(tenant, () => handler.callback(...args));
      },
    }));
    super.bindMessageHandlers(socket, inside, transform);
  }

  async #signedIn(request: IncomingMessage): Promise<Tenant> {
    const tenant = await this.#resolver.resolve(request);
    if (!verifiedPayload(request)) throw new Error('Nobody is signed in.');
    return tenant;
  }
}
