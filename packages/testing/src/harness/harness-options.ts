import type { INestApplication } from '@nestjs/common';
import type { AbstractHttpAdapter } from '@nestjs/core';
import type { TestingModuleBuilder } from '@nestjs/testing';
import type { Tenant } from '@tenancy/core';
import type { Planted, Planting, TenantRows } from '../canaries/planted.js';
import type { DiscoveryOptions } from '../discovery/discover-entrances.js';
import type { Observer } from './observer.js';
import type { TenantClient } from './tenant-client.js';

/** The answer of `signIn`: a bearer token, or headers such as a cookie. */
export type SignedIn = string | { readonly headers: Readonly<Record<string, string>> };

/** The argument of `seed`, to plant with. */
export interface Seeding extends Planting {
  /** Calls the application as the tenant that is seeded. */
  readonly client: TenantClient;
  readonly app: INestApplication;
}

// biome-ignore lint/suspicious/noExplicitAny: as Nest's own signatures have it.
type HttpAdapter = AbstractHttpAdapter<any, any, any>;

/** Options of `createIsolationHarness`. */
export interface IsolationHarnessOptions {
  /** At least two, as the application's registry knows them; their names are for the reader. */
  readonly tenants: Readonly<Record<string, Tenant>>;
  /**
   * Plants rows of `tenant`, through the application or in its database, and answers with them by the singular name of
   * their resource. Called once at the start for each tenant, and again with the next `round` where an attack uses
   * rows up.
   */
  seed(tenant: Tenant, seeding: Seeding): Planted | Promise<Planted>;
  /**
   * The host name that a tenant is called at.
   * @defaultValue `<slug>.localhost`
   */
  readonly host?: (tenant: Tenant) => string;
  /**
   * Signs a user of `tenant` in. Its client has the tenant's host, and no headers. Called once for each tenant.
   * @defaultValue nobody signs in: the host alone names the tenant
   */
  readonly signIn?: (tenant: Tenant, client: TenantClient) => SignedIn | Promise<SignedIn>;
  /**
   * Reads every row of `tenant` from outside the application, so that writes can be checked. Without it, what may write is
   * unproven.
   * @defaultValue none
   */
  readonly rows?: (tenant: Tenant) => Promise<TenantRows>;
  /**
   * Does to the application what `main.ts` does: pipes, filters, a prefix. Called before it is initialised.
   * @defaultValue nothing more is done
   */
  readonly configure?: (app: INestApplication) => void | Promise<void>;
  /**
   * Replaces what tests need otherwise than production: providers, modules, guards.
   * @defaultValue nothing is replaced
   */
  readonly override?: (builder: TestingModuleBuilder) => TestingModuleBuilder;
  /**
   * The HTTP adapter, or what makes one: an adapter serves one application, and the proof starts a fresh one in the end.
   * @defaultValue Nest's own, which is Express
   * @example
   * ```ts
   * import { FastifyAdapter } from '@nestjs/platform-fastify';
   * import type { IsolationHarnessOptions } from '@tenancy/testing';
   *
   * const options: Pick<IsolationHarnessOptions, 'adapter'> = { adapter: () => new FastifyAdapter() };
   * ```
   */
  readonly adapter?: HttpAdapter | (() => HttpAdapter);
  /**
   * Creates what has to be there before anybody signs in: the tenants, their users. The application is running.
   * @defaultValue nothing is created
   */
  readonly prepare?: (app: INestApplication) => void | Promise<void>;
  /**
   * More ways out of the application, beside those that are known: see {@link Observer}.
   * @defaultValue `[]`
   */
  readonly observe?: readonly Observer[];
  /**
   * Removes what `seed` planted for `tenant`, and what the application made of it. With it the proof begins each entrance with few
   * rows, and leaves none.
   * @defaultValue nothing is removed
   */
  readonly clean?: (tenant: Tenant) => void | Promise<void>;
  /**
   * Options of finding the entrances.
   * @defaultValue `{}`
   */
  readonly discovery?: DiscoveryOptions;
  /**
   * Milliseconds after which a request without an answer is an error.
   * @defaultValue `10_000`
   */
  readonly timeout?: number;
  /**
   * Limits of listening to an event stream.
   * @defaultValue 10 events or 300 milliseconds
   */
  readonly events?: { readonly count?: number; readonly milliseconds?: number };
}
