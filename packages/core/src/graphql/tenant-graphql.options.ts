import { TenancyConfigurationError } from '../errors/configuration-error.js';
import { refuseUnknown } from '../errors/refuse-unknown.js';
import { requireOptions } from '../errors/require-options.js';
import {
  type HandshakeOptions,
  handshakeOptionNames,
  type ResolvedHandshakeOptions,
  resolveHandshakeOptions,
} from '../handshake/handshake.options.js';

/** Options of `TenantGraphQLModule`. */
export interface TenantGraphQLOptions extends HandshakeOptions {
  /**
   * The path at which subscriptions are served over server-sent events, by graphql-sse, which no driver of Nest does by itself.
   * @defaultValue none: they are not
   */
  readonly eventStream?: string | undefined;
}

/** {@link TenantGraphQLOptions} after validation. */
export interface ResolvedTenantGraphQLOptions extends ResolvedHandshakeOptions {
  readonly eventStream: string | null;
}

export const GRAPHQL_OPTIONS = Symbol.for('@tenancy/core:graphql-options');

/** @throws `tenancy_misconfigured`, naming the first option that is wrong and the fix. */
export function resolveGraphQLOptions(options: TenantGraphQLOptions = {}): ResolvedTenantGraphQLOptions {
  const place = 'TenantGraphQLModule';
  requireOptions(place, options);
  refuseUnknown(place, options, [...handshakeOptionNames, 'eventStream']);
  const { eventStream = null } = options;
  if (eventStream !== null && !(typeof eventStream === 'string' && /^\/[^*:]+$/.test(eventStream))) {
    throw new TenancyConfigurationError(
      `${place}.eventStream`,
      'is no path',
      "Pass for example '/graphql/stream', or leave it out.",
    );
  }
  return { ...resolveHandshakeOptions(place, options), eventStream };
}
