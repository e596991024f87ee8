import { Inject, Injectable } from '@nestjs/common';
import { ExternalContextCreator, ModulesContainer } from '@nestjs/core';
import { corridorFor, storage } from '../context/storage.js';
import { isThenable } from '../context/thenable.js';
import { isOurs, told } from '../errors/told.js';
import { isUntenantedHandler } from './untenanted.decorator.js';

type Resolver = (...args: unknown[]) => unknown;
type Create = (instance: object, callback: Resolver, method: string, ...more: unknown[]) => Resolver;

/** Where Nest's context creator takes the kind of context, counted from the fourth argument. */
const CONTEXT_TYPE = 5;

/**
 * What GraphQL needs beside the guard: one request runs many resolvers in one context, so an `@Untenanted()` one is called
 * outside it, with all that Nest runs for it; and the client of a resolver is told the code and nothing more.
 */
@Injectable()
export class GraphQLEntrance {
  constructor(
    @Inject(ExternalContextCreator) private readonly creator: ExternalContextCreator,
    @Inject(ModulesContainer) private readonly modules: ModulesContainer,
  ) {}

  /** Called once, before resolvers are registered. */
  open(): void {
    const creator = this.creator as unknown as { create: Create };
    const create = creator.create.bind(creator);
    creator.create = (instance, callback, method, ...more) => {
      const handler = create(instance, callback, method, ...more);
      const type = more[CONTEXT_TYPE] ?? 'http';
      // HTTP has a context for each call. What other libraries bring in here has none, or one that is shared.
      if (type === 'http') return handler;
      const resolver = isUntenantedHandler(callback, instance.constructor) ? calledOutside(handler) : handler;
      return type === 'graphql' ? telling(resolver, `${instance.constructor.name}.${method}`) : resolver;
    };
    for (const { providers } of this.modules.values()) {
      const options = providers.get('GqlModuleOptions')?.instance as ApolloOptions | undefined;
      if (options) options.formatError = toldByApollo(options.formatError);
    }
  }
}

/** What Apollo is asked for each error before it is sent, those included that no resolver has thrown. */
type FormatError = (formatted: FormattedError, error: unknown) => unknown;

interface ApolloOptions {
  formatError?: FormatError;
}

interface FormattedError {
  readonly message?: unknown;
  readonly extensions?: unknown;
  readonly path?: unknown;
  readonly locations?: unknown;
}

function toldByApollo(own: FormatError = (formatted) => formatted): FormatError {
  return (formatted, error) => {
    const original = (error as { readonly originalError?: unknown } | null)?.originalError;
    if (!isOurs(original)) return own(formatted, error);
    const { message, extensions } = told(original);
    const { path, locations } = formatted;
    return own(
      { message, ...(locations !== undefined && { locations }), ...(path !== undefined && { path }), extensions },
      error,
    );
  };
}

const calledOutside =
  (handler: Resolver): Resolver =>
  (...args) =>
    storage.run(corridorFor(null), handler, ...args);

function telling(resolver: Resolver, name: string): Resolver {
  const tell = (error: unknown): never => {
    throw isOurs(error) ? told(error, name) : error;
  };
  return (...args) => {
    const result = resolver(...args);
    return isThenable(result) ? result.then(undefined, tell) : result;
  };
}
