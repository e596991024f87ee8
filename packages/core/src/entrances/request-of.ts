import type { ExecutionContext } from '@nestjs/common';
import type { TenantRequest } from '../resolution/tenant-source.js';

/** The HTTP request behind a call, where there is one. */
export function requestOf(context: ExecutionContext): TenantRequest | undefined {
  switch (context.getType<'http' | 'graphql' | 'ws' | 'rpc'>()) {
    case 'http':
      return context.getArgByIndex(0);
    case 'graphql':
      return context.getArgByIndex<{ readonly req?: TenantRequest } | undefined>(2)?.req;
    default:
      return undefined;
  }
}
