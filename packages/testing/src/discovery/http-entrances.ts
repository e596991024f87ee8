import type { HttpServer, INestApplication } from '@nestjs/common';
import type { Entrance, Route } from './entrance.js';
import {
  type Component,
  componentsOf,
  type Endpoint,
  httpEndpointsOf,
  isUntenanted,
  metadataOf,
  methodsOf,
} from './handlers.js';
import type { OpenApi } from './open-api.js';
import { parametersOf } from './route-parameters.js';
import { type RegisteredRoute, routesOf } from './watch-adapter.js';

/** The routes of controllers, and those that were put on the adapter by another way. */
export function httpEntrances(app: INestApplication, openApi: OpenApi | null): readonly Entrance[] {
  const components = componentsOf(app);
  const registered = routesOf(app.getHttpAdapter() as HttpServer);
  const known = new Set<string>();
  const named = httpEndpointsOf(app).map((endpoint) => {
    const method = String(endpoint.metadata['requestMethod']);
    const path = String(endpoint.metadata['path']);
    for (const each of registered) if (isSame(each, method, path)) known.add(keyOf(each));
    return entranceOf(endpoint, method, path, components, openApi);
  });
  const raw = registered.filter((route) => !known.has(keyOf(route))).map((route) => rawEntrance(route, openApi));
  return [...named, ...raw];
}

function keyOf({ method, path }: RegisteredRoute): string {
  return `${method} ${path}`;
}

/** Adapters write wildcards each in their way. */
function isSame(route: RegisteredRoute, method: string, path: string): boolean {
  const plain = (text: string) => text.replaceAll(/\{?\/?\*\w*\}?|\(\.\*\)/g, '/*').replace(/(.)\/$/, '$1');
  return route.method === method && plain(route.path) === plain(path);
}

function entranceOf(
  { className, classNodeId, methodName, metadata }: Endpoint,
  method: string,
  path: string,
  components: readonly Component[],
  openApi: OpenApi | null,
): Entrance {
  const component = components.find(({ id, isController }) => isController && id === classNodeId);
  const handler = component && methodsOf(component).get(methodName);
  const version = metadata['methodVersion'] ?? metadata['controllerVersion'];
  const isInPath = [version].flat().some((each) => path.split('/').some((part) => part.endsWith(String(each))));
  const suffix = version === undefined || isInPath ? '' : ` (version ${[version].flat().map(String).join(', ')})`;
  const route = {
    method,
    path,
    ...(component
      ? parametersOf(component.type, methodName, path)
      : { parameters: pathParameters(path), body: 'unknown' as const }),
  };
  return {
    id: `${method} ${path}${suffix}`,
    kind: handler && metadataOf('__sse__', handler) === true ? 'sse' : 'http',
    handler: `${className}.${methodName}`,
    isUntenanted: isUntenanted(handler, component?.type),
    route: openApi ? openApi.completed(route) : route,
  };
}

function rawEntrance({ method, path }: RegisteredRoute, openApi: OpenApi | null): Entrance {
  const takesBody = ['POST', 'PUT', 'PATCH', 'ALL'].includes(method);
  const route: Route = { method, path, parameters: pathParameters(path), body: takesBody ? 'unknown' : null };
  return {
    id: `${method} ${path}`,
    kind: 'http',
    handler: null,
    isUntenanted: false,
    route: openApi ? openApi.completed(route) : route,
  };
}

/** The names in a path, of which nothing else is known. */
export function pathParameters(path: string): Route['parameters'] {
  return [...path.matchAll(/:(\w+)|\*(\w*)/g)].map(([, name, wildcard]) => ({
    in: 'path',
    name: name ?? (wildcard || '*'),
    isRequired: true,
    schema: null,
  }));
}
