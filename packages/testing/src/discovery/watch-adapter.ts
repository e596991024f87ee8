import type { HttpServer } from '@nestjs/common';

/** A route as the adapter knows it, whoever put it there. */
export interface RegisteredRoute {
  readonly method: string;
  readonly path: string;
}

interface Fastify {
  addHook(name: 'onRoute', hook: (route: { readonly method: string | string[]; readonly url: string }) => void): void;
}

interface ExpressLayer {
  readonly route?: { readonly path: string | readonly string[]; readonly methods: Readonly<Record<string, boolean>> };
  readonly handle?: ExpressRouter;
}

interface ExpressRouter {
  readonly stack?: readonly ExpressLayer[];
}

type Express = { readonly router?: ExpressRouter; readonly _router?: ExpressRouter } & {
  use?(...args: unknown[]): unknown;
};

const heard = new WeakMap<object, RegisteredRoute[]>();
const mounts = new WeakMap<object, string>();

/** Remembers what is put on an adapter. To be called before anything is. */
export function watchAdapter(adapter: HttpServer): void {
  const instance = adapter.getInstance() as Partial<Fastify> & Express;
  if (typeof instance.addHook === 'function') {
    const routes: RegisteredRoute[] = [];
    heard.set(instance, routes);
    instance.addHook('onRoute', ({ method, url }) => {
      const methods = [method].flat();
      if (methods.length > 7) routes.push({ method: 'ALL', path: url });
      else for (const each of methods) routes.push({ method: each, path: url });
    });
    return;
  }
  const { use } = instance;
  if (typeof use !== 'function') return;
  // A router that is mounted does not remember where.
  instance.use = function (this: unknown, ...args: unknown[]) {
    const [path, ...handlers] = args;
    if (typeof path === 'string') for (const handler of handlers) if (isObject(handler)) mounts.set(handler, path);
    return Reflect.apply(use, this, args);
  };
}

/** Every route of an adapter: those of controllers, and those that were put there by other ways. */
export function routesOf(adapter: HttpServer): readonly RegisteredRoute[] {
  const instance = adapter.getInstance() as Partial<Fastify> & Express;
  if (typeof instance.addHook === 'function') {
    const routes = heard.get(instance) ?? [];
    // Fastify answers HEAD by itself wherever it answers GET.
    return routes.filter(
      ({ method, path }) => method !== 'HEAD' || !routes.some((other) => other.method === 'GET' && other.path === path),
    );
  }
  return expressRoutes(instance.router ?? instance._router, '');
}

function expressRoutes(router: ExpressRouter | undefined, prefix: string): RegisteredRoute[] {
  return (router?.stack ?? []).flatMap(({ route, handle }) => {
    if (!route) return handle?.stack ? expressRoutes(handle, prefix + (mounts.get(handle) ?? '')) : [];
    const methods = Object.keys(route.methods).map((method) => method.toUpperCase());
    const names = methods.length > 7 || methods.includes('_ALL') ? ['ALL'] : methods;
    return [route.path].flat().flatMap((path) => names.map((method) => ({ method, path: prefix + path })));
  });
}

function isObject(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}
