import type { ExecutionContext } from '@nestjs/common';
import type { TenantRequest } from '../resolution/tenant-source.js';

/** The HTTP request behind a call, where there is one. */
export function requestOf(context: ExecutionContext): TenantRequest | undefined {
  switch (context.getType<'http' | 'graphql' | 'ws' | 'rpc'>()) {
    case 'http':
      return context.getArgByIndex(0);
    case 'graphql':
      return graphqlRequest(context.getArgs());
    default:
      return undefined;
  }
}

/** The request in what a resolver is called with. Never out of the client's own arguments. */
export function graphqlRequest(args: readonly unknown[]): TenantRequest | undefined {
  const shared = args[infoAt(args) - 1] as { readonly req?: TenantRequest } | null | undefined;
  return shared?.req;
}

/** What GraphQL says about the field that a resolver is called for. */
export interface GraphQLInfo {
  readonly path?: { readonly prev?: unknown };
  readonly operation?: { readonly operation?: string };
}

export const graphqlInfo = (args: readonly unknown[]) => args[infoAt(args)] as GraphQLInfo | undefined;

/** A field gets its parent, arguments, context and info. References of a federation, and types, get no arguments. */
const infoAt = (args: readonly unknown[]) => (!isInfo(args[3]) && isInfo(args[2]) ? 2 : 3);

const isInfo = (value: unknown) =>
  typeof value === 'object' && value !== null && ['schema', 'operation', 'path'].every((name) => name in value);
