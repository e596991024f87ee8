import { Inject, Injectable } from '@nestjs/common';
import { ExternalContextCreator, ModulesContainer } from '@nestjs/core';
import { corridorFor, storage } from '../context/storage.js';
import { isThenable } from '../context/thenable.js';
import { BRAND, isTenancyError } from '../errors/brand.js';
import type { TenancyError } from '../errors/tenancy-error.js';
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
      const resolver = create(instance, callback, method, ...more);
      return more[CONTEXT_TYPE] === 'graphql' ? guarded(resolver, instance.constructor, callback, method) : resolver;
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
    if (!isTenancyError(original)) return own(formatted, error);
    const { message, extensions } = told(original);
    const { path, locations } = formatted;
    return own(
      { message, ...(locations !== undefined && { locations }), ...(path !== undefined && { path }), extensions },
      error,
    );
  };
}

function guarded(
  resolver: Resolver,
  type: object & { readonly name?: string },
  callback: object,
  method: string,
): Resolver {
  const outside: Resolver = isUntenantedHandler(callback, type)
    ? (...args) => storage.run(corridorFor(null), resolver, ...args)
    : resolver;
  const explained = (error: unknown): never => {
    throw isTenancyError(error) ? told(error, `${type.name}.${method}`) : error;
  };
  return (...args) => {
    const result = outside(...args);
    return isThenable(result) ? result.then(undefined, explained) : result;
  };
}

interface Told extends Error {
  readonly code: string;
  readonly extensions: { readonly code: string };
}

/** What the client may know of `error`. GraphQL sends `message` and `extensions`, and in development the stack. */
function told(error: TenancyError, resolver?: string): Told {
  error.report?.(resolver);
  const { code } = error;
  return Object.assign(new Error(code), { name: error.name, stack: code, [BRAND]: true, code, extensions: { code } });
}
