import type { HttpServer, INestApplication, Type } from '@nestjs/common';
import type { Entrance, Route } from './entrance.js';
import {
  type Component,
  componentsOf,
  type Endpoint,
  httpEndpointsOf,
  isUntenanted,
  metadataOf,
  methodsOf,
  type Versioning,
  versioningOf,
} from './handlers.js';
import type { OpenApi } from './open-api.js';
import { parametersInPath } from './path-pattern.js';
import type { RegisteredRoute } from './registered-route.js';
import { parametersOf } from './route-parameters.js';
import { routesOf } from './watch-adapter.js';

/** The routes of controllers, and those that were put on the adapter by another way. */
export function httpEntrances(app: INestApplication, openApi: OpenApi | null): readonly Entrance[] {
  const components = componentsOf(app);
  const versioning = versioningOf(app);
  const registered = routesOf(app.getHttpAdapter() as HttpServer);
  const ofControllers = new Set<RegisteredRoute>();
  const seen = new Map<string, Set<Type<unknown> | undefined>>();
  const named = httpEndpointsOf(app).flatMap((endpoint) => {
    const method = String(endpoint.metadata['requestMethod']);
    const path = String(endpoint.metadata['path']);
    for (const each of registered) if (isSame(each, method, path)) ofControllers.add(each);
    const component = components.find(({ id, isController }) => isController && id === endpoint.classNodeId);
    const entrance = entranceOf(endpoint, { method, path }, component, versioning, openApi);
    // The same class in two modules is reached once: the adapter calls the first of two that are equal.
    const key = `${entrance.id} ${entrance.handler}`;
    const types = seen.get(key) ?? new Set();
    if (component && types.has(component.type)) return [];
    seen.set(key, types.add(component?.type));
    return [entrance];
  });
  const raw = registered.filter((route) => !ofControllers.has(route)).map((route) => rawEntrance(route, openApi));
  return [...named, ...raw];
}

/** Adapters write wildcards each in their way. */
function isSame(route: RegisteredRoute, method: string, path: string): boolean {
  const plain = (text: string) => text.replaceAll(/\/?\{?\/?\*\w*\}?|\/?\(\.\*\)/g, '/*').replace(/(.)\/$/, '$1');
  return route.method === method && plain(route.path) === plain(path);
}

function entranceOf(
  { className, methodName, metadata }: Endpoint,
  { method, path }: { readonly method: string; readonly path: string },
  component: Component | undefined,
  versioning: Versioning | undefined,
  openApi: OpenApi | null,
): Entrance {
  const handler = component && methodsOf(component).get(methodName);
  const version = versionOf(metadata, versioning);
  const host = component && metadataOf('host', component.type);
  const parameters = component
    ? parametersOf(component.type, methodName, path)
    : { parameters: parametersInPath(path), body: 'unknown' as const };
  const route = { method, path, ...parameters, ...(version.headers && { headers: version.headers }) };
  return {
    id: `${method} ${path}${version.suffix}${host === undefined ? '' : ` (host ${[host].flat().join(', ')})`}`,
    kind: handler && metadataOf('__sse__', handler) === true ? 'sse' : 'http',
    handler: `${className}.${methodName}`,
    isUntenanted: isUntenanted(handler, component?.type),
    route: openApi ? openApi.completed(route) : route,
  };
}

interface Version {
  readonly suffix: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Of a route that is told from others by more than its path. A neutral one is not: it takes every version. */
function versionOf(metadata: Endpoint['metadata'], versioning: Versioning | undefined): Version {
  const versions = [metadata['methodVersion'] || metadata['controllerVersion']].flat();
  const told = versions.filter((each) => typeof each === 'string');
  const [first] = told;
  // With no versioning enabled, or one in the path, the path says it all.
  if (first === undefined || !versioning || versioning.type === 0) return { suffix: '' };
  const suffix = ` (version ${told.join(', ')})`;
  const { type, header, key = '' } = versioning;
  if (type === 1 && header !== undefined) return { suffix, headers: { [header]: first } };
  if (type === 2) return { suffix, headers: { accept: `application/json;${key}${first}` } };
  return { suffix };
}

function rawEntrance({ method, path, isAddress }: RegisteredRoute, openApi: OpenApi | null): Entrance {
  const takesBody = !['GET', 'HEAD', 'OPTIONS', 'DELETE'].includes(method);
  const route: Route = {
    method: method === 'USE' ? 'ALL' : method,
    path,
    parameters: parametersInPath(path),
    body: takesBody ? 'unknown' : null,
  };
  return {
    id: `${method} ${path}`,
    kind: 'http',
    handler: null,
    isUntenanted: false,
    route: isAddress ? (openApi ? openApi.completed(route) : route) : null,
  };
}
