import type { INestApplication } from '@nestjs/common';
import type { Entrance, Route } from './entrance.js';
import { documentOf } from './graphql-document.js';
import type { GraphSchema } from './graphql-schema.js';
import {
  type Component,
  componentsOf,
  type Endpoint,
  globalPrefixOf,
  graphqlEndpointsOf,
  isUntenanted,
  methodsOf,
} from './handlers.js';

/** The schema that a GraphQL module serves, and its path. */
export interface GraphEndpoint {
  readonly path: string;
  readonly entrances: readonly Entrance[];
}

/**
 * Each field of Query and Mutation, called by a document that asks for all that hangs on it; each field of Subscription; and
 * each field with a resolver that no such document asks for, as it lies too deep, or needs arguments of its own.
 */
export function graphqlEndpoints(app: INestApplication): readonly GraphEndpoint[] {
  const components = componentsOf(app);
  const resolvers = graphqlEndpointsOf(app);
  const modules = components.flatMap((host) => {
    const schema = host.type.name === 'GraphQLSchemaHost' ? schemaOf(host) : undefined;
    return schema ? [{ schema, path: pathOf(app, components, host) }] : [];
  });
  return modules.map(({ schema, path }) => {
    const entrances = entrancesOf(schema, path, new Handlers(resolvers, components));
    // Two modules may have fields of the same names.
    const suffix = modules.length > 1 ? ` (${path})` : '';
    return { path, entrances: entrances.map((each) => ({ ...each, id: `${each.id}${suffix}` })) };
  });
}

function entrancesOf(schema: GraphSchema, path: string, handlers: Handlers): Entrance[] {
  const reached = new Set<string>();
  const fieldsOf = (type: ReturnType<GraphSchema['getQueryType']>) => Object.values(type?.getFields?.() ?? {});
  const route = (more: Pick<Route, 'body' | 'document' | 'optionalVariables'>): Route => ({
    method: 'POST',
    path,
    parameters: [],
    ...more,
  });
  const operations = (['Query', 'Mutation'] as const).flatMap((root) =>
    fieldsOf(root === 'Query' ? schema.getQueryType() : schema.getMutationType()).map((field): Entrance => {
      const keyword = root === 'Query' ? 'query' : 'mutation';
      const { text, variables, optionalVariables } = documentOf(keyword, field, schema, reached);
      return handlers.entrance(root, field.name, route({ body: variables, document: text, optionalVariables }));
    }),
  );
  // A subscription has a connection of its own, which no single request is.
  const subscriptions = fieldsOf(schema.getSubscriptionType()).map((field): Entrance => {
    const { text, variables, optionalVariables } = documentOf('subscription', field, schema, reached);
    const subscription = route({ body: variables, document: text, optionalVariables });
    return { ...handlers.entrance('Subscription', field.name, null), subscription };
  });
  const unreached = handlers.fields
    .filter(([parent, field]) => !ROOTS.includes(parent) && !reached.has(`${parent}.${field}`))
    .map(([parent, field]) => handlers.entrance(parent, field, route({ body: 'unknown' })));
  return [...operations, ...subscriptions, ...unreached];
}

const ROOTS = ['Query', 'Mutation', 'Subscription'];

/** The resolvers, by their fields. */
class Handlers {
  constructor(
    private readonly resolvers: readonly Endpoint[],
    private readonly components: readonly Component[],
  ) {}

  /** Type and field of every resolver, each once. */
  get fields(): (readonly [string, string])[] {
    const named = this.resolvers.map(({ metadata: { parentType, key } }) => [String(parentType), String(key)] as const);
    return [...new Map(named.map((each) => [each.join('.'), each])).values()];
  }

  entrance(parent: string, field: string, route: Route | null): Entrance {
    const found = this.resolvers.filter(
      ({ metadata }) => metadata['parentType'] === parent && metadata['key'] === field,
    );
    const targets = found.map(({ classNodeId, methodName }) => {
      const component = this.components.find(({ id }) => id === classNodeId);
      return [component && methodsOf(component).get(methodName), component?.type] as const;
    });
    const [first] = found;
    return {
      id: `graphql ${parent}.${field}`,
      kind: 'graphql',
      handler: first ? `${first.className}.${first.methodName}` : null,
      // Two modules may resolve the same field: what one of them protects is.
      isUntenanted: targets.length > 0 && targets.every((each) => isUntenanted(...each)),
      route,
    };
  }
}

function schemaOf({ instance }: Component): GraphSchema | undefined {
  try {
    // It throws before there is one.
    return (instance as { readonly schema?: GraphSchema } | undefined)?.schema;
  } catch {
    return undefined;
  }
}

interface GraphModule {
  readonly options?: { readonly path?: string; readonly useGlobalPrefix?: boolean };
  /** With the defaults of its driver; since @nestjs/graphql 13. */
  readonly completeOptions?: { readonly path?: string };
}

function pathOf(app: INestApplication, components: readonly Component[], host: Component): string {
  const module = components.find((each) => each.module === host.module && each.type.name === 'GraphQLModule');
  const { options = {}, completeOptions } = (module?.instance ?? {}) as GraphModule;
  const prefix = options.useGlobalPrefix ? globalPrefixOf(app) : '';
  const path = completeOptions?.path ?? `${prefix}/${options.path ?? 'graphql'}`;
  return `/${path}`.replaceAll(/\/+/g, '/');
}
