import type { HttpServer } from '@nestjs/common';
import { HarnessMisuseError } from '../misuse.js';
import { ExpressRoutes, isExpress } from './express-routes.js';
import { FastifyRoutes, isFastify } from './fastify-routes.js';
import type { RegisteredRoute, WatchedRoutes } from './registered-route.js';

const watched = new WeakMap<object, WatchedRoutes>();

/** Remembers what is put on an adapter. To be called before anything is. */
export function watchAdapter(adapter: HttpServer): void {
  if (watched.has(adapter)) return;
  const instance: unknown = adapter.getInstance();
  if (isFastify(instance)) watched.set(adapter, new FastifyRoutes(adapter, instance));
  else if (isExpress(instance)) watched.set(adapter, new ExpressRoutes(adapter, instance));
}

/**
 * Every route of an adapter: those of controllers, and those that were put there by other ways.
 *
 * @throws HarnessMisuseError for an adapter that was not watched: what was put on it could not be told.
 */
export function routesOf(adapter: HttpServer): readonly RegisteredRoute[] {
  const routes = watched.get(adapter);
  if (routes) return routes.routes();
  throw new HarnessMisuseError(
    'the HTTP adapter was not watched from the start, or is neither Express nor Fastify: what was put on it is not known.',
    "Use Nest's Express or Fastify adapter, and hand the module to `createIsolationHarness`.",
  );
}
