import { Inject, Injectable } from '@nestjs/common';
import { ExternalContextCreator, ModulesContainer } from '@nestjs/core';
import { markLasting } from '../context/lasting.js';
import { isThenable } from '../context/thenable.js';
import { isTenancyError } from '../errors/brand.js';
import { isOurs, told } from '../errors/told.js';
import { TenantResolver } from '../resolution/tenant-resolver.js';
import { type DriverOptions, tellCodes } from './graphql-answer.js';
import { AfterGuards, calledGuarded, calledOutside, type Resolver } from './graphql-resolver.js';
import { insideThroughout, type SubscriptionExplorer } from './graphql-subscription.js';
import { storeOf } from './request-entrance.js';
import { type ContextFunction, rememberingRequest } from './request-of.js';
import { isUntenantedHandler } from './untenanted.decorator.js';

/** Nest's own, of which each application has one. */
interface Creator {
  create(instance: object, method: Resolver, name: string, ...more: unknown[]): Resolver;
  readonly guardsContextCreator: { create(...about: unknown[]): unknown[] };
}

/** Position of the enhancers among the arguments of Nest's context creator, counted from the fourth; the kind of context is next. */
const ENHANCERS = 4;
const CONTEXT_TYPE = 5;

interface Enhancers {
  readonly guards: boolean;
  readonly interceptors: boolean;
}

/** The enhancers of queries, mutations and subscriptions. */
const ALL: Enhancers = { guards: true, interceptors: true };

/** Resolvers of a value's type, which are asked below an untenanted resolver as well: without a tenant there, and not refused. */
const TYPE_RESOLVERS = new Set(['__resolveType', '__isTypeOf']);

/**
 * The protection of GraphQL beside the guard: one request runs many resolvers in one context, so an `@Untenanted()` one is called
 * outside it, with all that Nest runs for it; those that Nest runs no guard for (fields, and references of a federation) are
 * called as the tenant that all sources agree on, too; and the client of a resolver is told the code and nothing more.
 */
@Injectable()
export class GraphQLEntrance {
  constructor(
    @Inject(ExternalContextCreator) private readonly creator: ExternalContextCreator,
    @Inject(ModulesContainer) private readonly modules: ModulesContainer,
    @Inject(TenantResolver) private readonly resolver: TenantResolver,
  ) {}

  /** Called once, before resolvers are registered. */
  open(): void {
    const creator = this.creator as unknown as Creator;
    const create = creator.create.bind(creator);
    creator.create = (instance, method, name, ...more) => {
      const called = () => create(instance, method, name, ...more);
      const type = more[CONTEXT_TYPE] ?? 'http';
      // HTTP has a context for each call. What other libraries bring in here has none, or one that is shared.
      if (type === 'http') return called();
      if (isUntenantedHandler(method, instance.constructor)) {
        return type === 'graphql' ? telling(calledOutside(called()), instance, name) : calledOutside(called());
      }
      if (type !== 'graphql') return called();
      const { guards, interceptors } = (more[ENHANCERS] ?? ALL) as Enhancers;
      if (guards) return telling(interceptors ? called() : this.guardedLast(creator, called), instance, name);
      const handler = called();
      const guarded = calledGuarded(handler, method, instance.constructor, this.resolver);
      return telling(TYPE_RESOLVERS.has(name) ? orElse(guarded, calledOutside(handler)) : guarded, instance, name);
    };
    for (const { providers } of this.modules.values()) {
      const options = providers.get('GqlModuleOptions')?.instance as DriverOptions | undefined;
      if (options) {
        tellCodes(options);
        // Every driver of Nest makes a function of what it was given. None of them is called for another request.
        if (typeof options.context === 'function')
          options.context = rememberingRequest(options.context as ContextFunction);
        rememberSocketsRequest(options);
      }
      for (const { metatype, instance } of providers.values()) {
        // Nest calls a field without parameters directly, past everything that holds it. The class is known by what it can, since
        // a bundle may have renamed it, and asked instead of the instance, which may be anything.
        const known: unknown = typeof metatype === 'function' ? metatype.prototype : undefined;
        if (typeof (known as Explorer | undefined)?.canUseFastFieldResolver !== 'function') continue;
        (instance as Explorer).canUseFastFieldResolver = () => false;
        insideThroughout(instance as Explorer);
      }
    }
  }

  /** Nest looks up the guards of a resolver while it makes it. */
  private guardedLast(creator: Creator, made: () => Resolver): Resolver {
    const { guardsContextCreator: guards } = creator;
    const create = guards.create;
    guards.create = (...about) => [...create.apply(guards, about), new AfterGuards(this.resolver)];
    try {
      return made();
    } finally {
      guards.create = create;
    }
  }
}

/** The sockets of Mercurius have a context of their own, made once for each, and none unless the application makes one. */
function rememberSocketsRequest(options: DriverOptions): void {
  const { subscription } = options;
  if (subscription !== true && (typeof subscription !== 'object' || subscription === null)) return;
  const { context, ...own } = subscription === true ? {} : subscription;
  const made = async (...asked: unknown[]) => {
    const store = storeOf(asked[1] as object);
    if (store) markLasting(store);
    return (await context?.(...asked)) ?? {};
  };
  options.subscription = { ...own, context: rememberingRequest(made) };
}

/** Nest's own, which makes a resolver of each method of an application's. */
interface Explorer extends SubscriptionExplorer {
  canUseFastFieldResolver?: () => boolean;
}

function telling(resolver: Resolver, owner: object, method: string): Resolver {
  const tell = (error: unknown): never => {
    throw isOurs(error) ? told(error, `${owner.constructor.name}.${method}`) : error;
  };
  return (...args) => {
    try {
      const result = resolver(...args);
      return isThenable(result) ? result.then(undefined, tell) : result;
    } catch (error) {
      // As every other resolver fails: one reference must not fail those that it is asked for with.
      return Promise.reject(error).catch(tell);
    }
  };
}

const orElse =
  (resolver: Resolver, other: Resolver): Resolver =>
  async (...args) => {
    try {
      return await resolver(...args);
    } catch (error) {
      if (!isTenancyError(error)) throw error;
      return other(...args);
    }
  };
