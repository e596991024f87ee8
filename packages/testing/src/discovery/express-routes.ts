import type { HttpServer } from '@nestjs/common';
import type { RegisteredRoute, WatchedRoutes } from './registered-route.js';

type Path = string | RegExp | readonly Path[];
type Handler = ((...args: never[]) => unknown) & Router & { readonly router?: Router; readonly _router?: Router };

interface Layer {
  readonly route?: { readonly path: Path; readonly methods: Readonly<Record<string, boolean>> };
  readonly handle?: Handler;
  /** The path that it is mounted at; routers before 2.3 forget it. */
  readonly rawPath?: Path;
  /** Mounted at `/`. */
  readonly slash?: boolean;
}

interface Router {
  readonly stack?: readonly Layer[];
}

interface Express {
  use(...args: unknown[]): unknown;
  readonly router?: Router;
}

export function isExpress(instance: unknown): instance is Express {
  return typeof (instance as Partial<Express> | null)?.use === 'function';
}

/** Nest's own methods that put something on the adapter, beside the routes of controllers. */
const NESTS_OWN = ['setNotFoundHandler', 'setErrorHandler'] as const;

/** The routes of an Express adapter: those, routers and whole applications that are mounted, and functions at a path. */
export class ExpressRoutes implements WatchedRoutes {
  readonly #instance: Express;
  readonly #mounts = new WeakMap<Layer, { readonly path: Path; readonly handler: unknown }>();
  readonly #nestsOwn = new WeakSet<Layer>();

  constructor(adapter: HttpServer, instance: Express) {
    this.#instance = instance;
    this.#rememberMounts(instance);
    const methods = adapter as unknown as Record<string, ((...args: unknown[]) => unknown) | undefined>;
    for (const name of NESTS_OWN) {
      const method = methods[name];
      if (method) methods[name] = (...args) => this.#own(() => Reflect.apply(method, adapter, args));
    }
    const { createMiddlewareFactory: create } = methods;
    if (!create) return;
    // A middleware is registered as a route of its method where it is `forRoutes` of one.
    methods['createMiddlewareFactory'] = (...args) => {
      const register = Reflect.apply(create, adapter, args) as (...given: unknown[]) => unknown;
      return (...given: unknown[]) => this.#own(() => register(...given));
    };
  }

  routes(): readonly RegisteredRoute[] {
    return this.#routesIn(this.#instance.router, { path: '', isAddress: true });
  }

  /** A mounted application does not remember where, and old routers do not either. */
  #rememberMounts(instance: Express): void {
    const { use } = instance;
    const routes = this;
    instance.use = function (this: unknown, ...args: unknown[]) {
      const [result, layers] = routes.#adding(() => Reflect.apply(use, this, args) as unknown);
      const first = [args[0]].flat(Number.POSITIVE_INFINITY)[0];
      const hasPath = typeof first !== 'function';
      const handlers = (hasPath ? args.slice(1) : args).flat(Number.POSITIVE_INFINITY);
      for (const [n, layer] of layers.entries()) {
        routes.#mounts.set(layer, { path: hasPath ? (args[0] as Path) : '/', handler: handlers[n] });
      }
      return result;
    };
  }

  #own<R>(work: () => R): R {
    const [result, layers] = this.#adding(work);
    for (const layer of layers) this.#nestsOwn.add(layer);
    return result;
  }

  #adding<R>(work: () => R): readonly [R, readonly Layer[]] {
    const before = this.#instance.router?.stack?.length ?? 0;
    const result = work();
    return [result, this.#instance.router?.stack?.slice(before) ?? []];
  }

  #routesIn(router: Router | undefined, under: Place): RegisteredRoute[] {
    return (router?.stack ?? []).flatMap((layer) => (this.#nestsOwn.has(layer) ? [] : this.#routesOf(layer, under)));
  }

  #routesOf(layer: Layer, under: Place): RegisteredRoute[] {
    const { route } = layer;
    if (route) {
      const methods = Object.keys(route.methods).map((method) => method.toUpperCase());
      const names = methods.length > 7 || methods.includes('_ALL') ? ['ALL'] : methods;
      return placesOf(route.path, under).flatMap((place) => names.map((method) => ({ method, ...place })));
    }
    const mount = this.#mounts.get(layer);
    const path = layer.rawPath ?? mount?.path ?? (layer.slash ? '/' : undefined);
    const places: Place[] =
      path === undefined ? [{ path: `${under.path}/…`, isAddress: false }] : placesOf(path, under);
    const handler = (mount?.handler ?? layer.handle) as Handler | undefined;
    const inner = routerOf(handler);
    const found = inner ? places.flatMap((place) => this.#routesIn(inner, place)) : [];
    if (found.length > 0) return found;
    return isMiddleware(handler, path) ? [] : places.map((place) => ({ method: 'USE', ...place }));
  }
}

interface Place {
  readonly path: string;
  readonly isAddress: boolean;
}

/** True for what runs before every route, and lets requests pass; what is mounted at a path may answer them. */
function isMiddleware(handler: Handler | undefined, path: Path | undefined): boolean {
  if (handler?.name === 'serveStatic') return false;
  return handler?.length === 4 || path === undefined || path === '/' || path === '';
}

function placesOf(path: Path, under: Place): Place[] {
  if (typeof path === 'string') {
    return [{ path: `${under.path}${path === '/' && under.path !== '' ? '' : path}`, isAddress: under.isAddress }];
  }
  if (path instanceof RegExp) return [{ path: `${under.path}${path}`, isAddress: false }];
  return path.flatMap((each) => placesOf(each, under));
}

/** Of a router, or of a whole application. */
function routerOf(handler: Handler | undefined): Router | undefined {
  if (handler?.stack) return handler;
  return [handler?.router, handler?._router].find((each) => each?.stack !== undefined);
}
