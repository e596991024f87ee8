import type { ExecutionContext } from '@nestjs/common';
import type { TenantRequest } from '../resolution/tenant-source.js';
import { layered } from '../resolution/whole-request.js';
import { storeOf } from './request-entrance.js';

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

const REQUEST = Symbol.for('@tenancy/core:graphql-request');

/** The object that resolvers share, made by the application's `context` function. */
interface GraphQLContext {
  readonly req?: TenantRequest | null;
  /** The request that it was made for. */
  [REQUEST]?: TenantRequest;
}

/**
 * The request in what a resolver is called with. Never out of the client's own arguments.
 *
 * What the context calls `req` may be something that was picked from the request, and then guards write to that: it is
 * the request that came in, with what is there in front of it.
 */
export function graphqlRequest(args: readonly unknown[]): TenantRequest | undefined {
  const shared = args[infoAt(args) - 1] as GraphQLContext | null | undefined;
  const given = shared?.req ?? undefined;
  const real = shared?.[REQUEST];
  if (!real || given === real) return given;
  if (typeof given !== 'object') return real;
  // Another request is that of a context which several share.
  return (storeOf(given) ?? storeOf(real)) === storeOf(real) ? layered(given, real) : real;
}

/** The application's `context` function, which is called for each operation. */
export type ContextFunction = (...asked: unknown[]) => unknown;

/** `context`, which makes what resolvers share, with the request that it was asked for kept on it. */
export const rememberingRequest =
  (context: ContextFunction): ContextFunction =>
  async (...asked) => {
    const made: unknown = await context(...asked);
    const request = enteredRequest(asked);
    if (!request || typeof made !== 'object' || made === null) return made;
    // One object for all requests must not become the last one's. GraphQL servers copy it for each operation, too.
    const own = Object.isExtensible(made) && !Object.hasOwn(made, REQUEST) ? made : copyOf(made);
    return Object.assign(own, { [REQUEST]: request });
  };

/** Drivers hand over the request, or an object with it; Mercurius a socket before it. */
function enteredRequest(asked: readonly unknown[]): TenantRequest | undefined {
  const candidates = asked.flatMap((each) => [each, (each as { readonly req?: unknown } | null | undefined)?.req]);
  return candidates.find(
    (each): each is TenantRequest => typeof each === 'object' && each !== null && storeOf(each) !== undefined,
  );
}

const copyOf = (made: object): object => Object.assign(Object.create(Object.getPrototypeOf(made)), made);

/** GraphQL's description of the field that a resolver is called for. */
export interface GraphQLInfo {
  readonly path?: { readonly prev?: unknown };
}

export const graphqlInfo = (args: readonly unknown[]) => args[infoAt(args)] as GraphQLInfo | undefined;

/** A field gets its parent, arguments, context and info. References of a federation, and types, get no arguments. */
const infoAt = (args: readonly unknown[]) => (!isInfo(args[3]) && isInfo(args[2]) ? 2 : 3);

const isInfo = (value: unknown) =>
  typeof value === 'object' && value !== null && ['schema', 'operation', 'path'].every((name) => name in value);
