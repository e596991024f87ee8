import type { HttpServer } from '@nestjs/common';
import type { RegisteredRoute, WatchedRoutes } from './registered-route.js';

interface Fastify {
  addHook(name: 'onRoute', hook: (route: { readonly method: string | string[]; readonly url: string }) => void): void;
}

export function isFastify(instance: unknown): instance is Fastify {
  return typeof (instance as Partial<Fastify> | null)?.addHook === 'function';
}

/** The routes of a Fastify adapter: its own, those of plugins too, and functions that are mounted by `app.use(path, …)`. */
export class FastifyRoutes implements WatchedRoutes {
  readonly #routes: RegisteredRoute[] = [];

  constructor(adapter: HttpServer, instance: Fastify) {
    instance.addHook('onRoute', ({ method, url }) => {
      const methods = [method].flat();
      const names = methods.length > 7 ? ['ALL'] : methods;
      for (const each of names) this.#routes.push({ method: each, path: url, isAddress: true });
    });
    const uses = adapter as { use?: (...args: unknown[]) => unknown };
    const { use } = uses;
    if (typeof use !== 'function') return;
    uses.use = (...args) => {
      const [path] = args;
      if (typeof path === 'string' && path !== '/') this.#routes.push({ method: 'USE', path, isAddress: true });
      return Reflect.apply(use, adapter, args);
    };
  }

  routes(): readonly RegisteredRoute[] {
    const isToo = (wanted: string, path: string) =>
      this.#routes.some((other) => (other.method === wanted || other.method === 'ALL') && other.path === path);
    return this.#routes.filter(({ method, path }) => {
      // Fastify answers HEAD by itself wherever it answers GET.
      if (method === 'HEAD') return !isToo('GET', path);
      // What CORS answers to a browser that asks beforehand, for every address, and without anybody's credentials.
      return !(method === 'OPTIONS' && (path === '*' || path === '/*'));
    });
  }
}
