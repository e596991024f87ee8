import type { Type } from '@nestjs/common';
import type { AbstractHttpAdapter } from '@nestjs/core';

export type AdapterName = 'express' | 'fastify';

/** One Nest application that answers the same request. */
export interface HttpCase {
  /** True when it answers with the tenant of the request, false when with the same row for everybody. */
  readonly ownTenant: boolean;
  /** The root module. */
  readonly module: Type<unknown>;
  /** Prepares the adapter before Nest starts. */
  readonly prepare?: (adapter: AbstractHttpAdapter, name: AdapterName) => void;
}
