import type { AllowedOrigins } from '../../handshake/origin.js';

/** The pages that an application has named for CORS, and so for its sockets. That any may is not said of those who send cookies along. */
export function corsOrigins(cors: unknown): readonly AllowedOrigins[] {
  const { origin } = (typeof cors === 'object' && cors !== null ? cors : {}) as { readonly origin?: unknown };
  return [origin].flat().flatMap((named): AllowedOrigins[] => {
    if (typeof named === 'string' && named !== '*') return [[named]];
    return named instanceof RegExp ? [(page) => page.search(named) !== -1] : [];
  });
}
