import type { Leftover, LoadedModule } from './leftovers.js';
import { isWall } from './wall.js';

/** The methods of every engine of graphql-subscriptions, whoever made it; the last goes by another name in earlier versions. */
const METHODS = ['publish', 'subscribe', 'unsubscribe'] as const;
const ITERATORS = ['asyncIterableIterator', 'asyncIterator'] as const;

/** S6: a topic of a raw PubSub delivers every tenant's events to whoever subscribes. */
export function* rawPubSub(module: LoadedModule): Iterable<Leftover> {
  for (const [token, { instance }] of module.providers) {
    if (!isPubSub(instance) || isWall(instance)) continue;
    yield {
      option: `The PubSub "${nameOf(token)}" of ${module.name}`,
      problem: "knows no tenants: whoever subscribes to a topic gets everybody's events",
      fix:
        'Provide `new TenantPubSub(…)` from @tenancy/core/graphql in its place, with this one inside; ' +
        "what is everybody's on purpose is `TenantPubSub.shared(name)`.",
    };
  }
}

function isPubSub(instance: unknown): boolean {
  if (typeof instance !== 'object' || instance === null) return false;
  // Asked for before it is read: a provider may be a proxy that refuses to be read for what it has not.
  const has = (method: string) =>
    method in instance && typeof (instance as Record<string, unknown>)[method] === 'function';
  return METHODS.every(has) && ITERATORS.some(has);
}

const nameOf = (token: unknown): string =>
  typeof token === 'function' ? token.name : typeof token === 'symbol' ? (token.description ?? 'symbol') : `${token}`;
