import { hasMethods } from '../context/methods.js';
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

const isPubSub = (instance: unknown): boolean =>
  hasMethods(instance, ...METHODS) && ITERATORS.some((method) => hasMethods(instance, method));

const nameOf = (token: unknown): string =>
  typeof token === 'function' ? token.name : typeof token === 'symbol' ? (token.description ?? 'symbol') : `${token}`;
