import type { INestApplication, Type } from '@nestjs/common';

/** A class that Nest made an instance of, or will for each request. */
export interface Component {
  readonly id: string;
  readonly type: Type<unknown>;
  readonly instance: unknown;
  readonly isController: boolean;
  /** The module that it is in. */
  readonly module: unknown;
}

interface Wrapper {
  readonly id: string;
  readonly metatype: unknown;
  readonly instance: unknown;
  /** The arguments of a factory; only factories have them. */
  readonly inject?: unknown;
}

/** The way an application tells versions of a route apart. */
export interface Versioning {
  /** 0: in the path; 1: by a header; 2: by the media type; 3: in the application's own way. */
  readonly type: number;
  readonly header?: string;
  readonly key?: string;
}

interface Container {
  readonly applicationConfig?: { getVersioning?(): Versioning | undefined; getGlobalPrefix?(): string };
  getModules(): ReadonlyMap<
    string,
    { readonly controllers: ReadonlyMap<unknown, Wrapper>; readonly providers: ReadonlyMap<unknown, Wrapper> }
  >;
  readonly serializedGraph: { readonly entrypoints: ReadonlyMap<string, Iterable<Endpoint>> };
}

/** Nest's record of a handler, made while it registers it. */
export interface Endpoint {
  readonly type: string;
  readonly methodName: string;
  readonly className: string;
  readonly classNodeId: string;
  readonly metadata: Readonly<Record<string, unknown>>;
}

function containerOf(app: INestApplication): Container {
  return (app as unknown as { readonly container: Container }).container;
}

export function versioningOf(app: INestApplication): Versioning | undefined {
  return containerOf(app).applicationConfig?.getVersioning?.();
}

export function globalPrefixOf(app: INestApplication): string {
  return containerOf(app).applicationConfig?.getGlobalPrefix?.() ?? '';
}

/** Every controller and every provider that is of a class. */
export function componentsOf(app: INestApplication): readonly Component[] {
  return [...containerOf(app).getModules().values()].flatMap((module) => [
    ...[...module.controllers.values()].flatMap((wrapper) => component(wrapper, true, module)),
    ...[...module.providers.values()].flatMap((wrapper) => component(wrapper, false, module)),
  ]);
}

function component(wrapper: Wrapper, isController: boolean, module: unknown): Component[] {
  const { id, metatype, instance, inject } = wrapper;
  // Of a factory and of a value, Nest's own explorers look at the instance as well.
  const isClass = typeof metatype === 'function' && !inject;
  const type: unknown = isClass ? metatype : (instance as object | null | undefined)?.constructor;
  if (typeof type !== 'function' || type === Object || typeof type.prototype !== 'object' || type.prototype === null)
    return [];
  return [{ id, type: type as Type<unknown>, instance, isController, module }];
}

/** The handlers that Nest registered with its HTTP adapter. */
export function httpEndpointsOf(app: INestApplication): readonly Endpoint[] {
  return endpointsOf(app, 'http-endpoint');
}

/** The resolvers of fields that GraphQL modules have found. */
export function graphqlEndpointsOf(app: INestApplication): readonly Endpoint[] {
  return endpointsOf(app, 'graphql-entrypoint');
}

function endpointsOf(app: INestApplication, wanted: string): readonly Endpoint[] {
  const { entrypoints } = containerOf(app).serializedGraph;
  return [...entrypoints.values()].flatMap((all) => [...all].filter(({ type }) => type === wanted));
}

/** The methods of a class, those that it inherits too. */
export function methodsOf({ type }: Component): ReadonlyMap<string, object> {
  const methods = new Map<string, object>();
  let prototype: object | null = type.prototype as object;
  while (prototype && prototype !== Object.prototype) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
      if (typeof value === 'function' && name !== 'constructor' && !methods.has(name)) methods.set(name, value);
    }
    prototype = Object.getPrototypeOf(prototype) as object | null;
  }
  return methods;
}

const UNTENANTED = '@tenancy/core:untenanted';

/** True when a handler is `@Untenanted()`: the first of it and its class that says so, or the opposite, is right. */
export function isUntenanted(...targets: readonly (object | undefined)[]): boolean {
  const said = targets.map((target) => (target === undefined ? undefined : metadataOf(UNTENANTED, target)));
  return said.find((each) => each !== undefined) === true;
}

export function metadataOf(key: string, target: object, property?: string): unknown {
  const reflect = Reflect as unknown as { getMetadata(name: string, of: object, property?: string): unknown };
  return reflect.getMetadata(key, target, property);
}
