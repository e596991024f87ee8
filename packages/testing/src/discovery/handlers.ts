import type { INestApplication, Type } from '@nestjs/common';

/** A class that Nest made an instance of, or will for each request. */
export interface Component {
  readonly id: string;
  readonly type: Type<unknown>;
  readonly instance: unknown;
  readonly isController: boolean;
}

interface Wrapper {
  readonly id: string;
  readonly metatype: unknown;
  readonly instance: unknown;
}

interface Container {
  getModules(): ReadonlyMap<
    string,
    { readonly controllers: ReadonlyMap<unknown, Wrapper>; readonly providers: ReadonlyMap<unknown, Wrapper> }
  >;
  readonly serializedGraph: { readonly entrypoints: ReadonlyMap<string, Iterable<Endpoint>> };
}

/** What Nest writes down of each handler while it registers it. */
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

/** Every controller and every provider that is a class. */
export function componentsOf(app: INestApplication): readonly Component[] {
  return [...containerOf(app).getModules().values()].flatMap(({ controllers, providers }) => [
    ...[...controllers.values()].flatMap((wrapper) => component(wrapper, true)),
    ...[...providers.values()].flatMap((wrapper) => component(wrapper, false)),
  ]);
}

function component({ id, metatype, instance }: Wrapper, isController: boolean): Component[] {
  // A factory is a function too, and has no prototype to look at.
  if (typeof metatype !== 'function' || typeof metatype.prototype !== 'object' || metatype.prototype === null)
    return [];
  return [{ id, type: metatype as Type<unknown>, instance, isController }];
}

/** What Nest registered with its HTTP adapter. */
export function httpEndpointsOf(app: INestApplication): readonly Endpoint[] {
  const { entrypoints } = containerOf(app).serializedGraph;
  return [...entrypoints.values()].flatMap((all) => [...all].filter(({ type }) => type === 'http-endpoint'));
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

/** Whether a handler, or its class, is `@Untenanted()`. */
export function isUntenanted(...targets: readonly (object | undefined)[]): boolean {
  return targets.some((target) => target !== undefined && metadataOf(UNTENANTED, target) === true);
}

export function metadataOf(key: string, target: object): unknown {
  return (Reflect as unknown as { getMetadata(name: string, of: object): unknown }).getMetadata(key, target);
}
