import type { HandshakeRequest } from '../../handshake/handshake-request.js';
import { type AllowedOrigins, isAllowed } from '../../handshake/origin.js';

/**
 * The pages that an application has named for CORS, and so for its sockets. That any may (`true`, `'*'`) is not said of those who send
 * cookies along; of a function, which is asked about one page, `true` is its answer for that page.
 */
export function corsOrigins(cors: unknown): readonly AllowedOrigins[] {
  if (typeof cors === 'function') {
    return [async (page, request) => anyAllows(corsOrigins(await answerOf(cors, request)), page, request)];
  }
  const { origin } = (typeof cors === 'object' && cors !== null ? cors : {}) as { readonly origin?: unknown };
  return [origin].flat().flatMap((named): AllowedOrigins[] => {
    if (typeof named === 'string' && named !== '*') return [[named]];
    if (named instanceof RegExp) return [(page) => page.search(named) !== -1];
    return typeof named === 'function' ? [(page, request) => isNamedBy(named, page, request)] : [];
  });
}

async function isNamedBy(decide: Decide, page: string, request: HandshakeRequest): Promise<boolean> {
  const origin = await answerOf(decide, page);
  return origin === true || anyAllows(corsOrigins({ origin }), page, request);
}

async function anyAllows(
  allowed: readonly AllowedOrigins[],
  page: string,
  request: HandshakeRequest,
): Promise<boolean> {
  for (const each of allowed) if (await isAllowed(each, page, request)) return true;
  return false;
}

// biome-ignore lint/complexity/noBannedTypes: it is what `typeof` tells of an option.
type Decide = Function;

/** The answer of a function as the `cors` package takes it: called back with an error, or with what is allowed. */
const answerOf = (decide: Decide, about: unknown): Promise<unknown> =>
  new Promise((resolve, reject) => {
    Reflect.apply(decide, undefined, [
      about,
      (error: unknown, answer: unknown) => (error ? reject(error) : resolve(answer)),
    ]);
  });
