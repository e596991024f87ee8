import type { HttpAdapterHost, ModulesContainer } from '@nestjs/core';
import type { TenantRegistry } from '../registry/tenant-registry.js';
import type { TenantResolver } from '../resolution/tenant-resolver.js';

/** Key of the method by which a WebSocket adapter is told what its application identifies connections by. */
export const SOCKET_TOOLS = Symbol.for('@tenancy/core:socket-tools');

/** The parts of an application that connections are identified by. */
export interface SocketTools {
  readonly resolver: TenantResolver;
  readonly registry: TenantRegistry;
  readonly modules: ModulesContainer;
  readonly http: HttpAdapterHost;
}

/** An adapter that {@link SOCKET_TOOLS} are for. */
export interface TakesSocketTools {
  readonly [SOCKET_TOOLS]?: (tools: SocketTools) => void;
}
