import type { Tenant } from '@tenancy/core';
import type FastCheck from 'fast-check';
import type { Arbitrary } from 'fast-check';

/** fast-check, which is loaded when the fuzzing begins: it is an optional peer. */
export type Random = typeof FastCheck;

/** One operation as data, so that it can be printed and made smaller. */
export interface Operation {
  readonly isWrite: boolean;
  /** True when the order of the answer was asked for. */
  readonly isOrdered: boolean;
  /** Its name, such as `job.findMany`. */
  readonly name: string;
  /** Everything it is made of. */
  readonly given: object;
}

/** The rows of a model that operations are made of: the tenant's own, and those of others that it must not reach. */
export interface KnownRows {
  readonly own: readonly Readonly<Record<string, unknown>>[];
  readonly others: readonly Readonly<Record<string, unknown>>[];
}

/** The rows of each model, by its name. */
export type KnownModels = ReadonlyMap<string, KnownRows>;

/** An ORM for the fuzzing: to read rows, to make operations at random, to do and to print them. */
export interface FuzzedClient {
  /** The names of the models, those with the tenant first. */
  readonly models: readonly string[];
  /** Every row of the model that the client shows, in the order of its key. */
  rowsOf(client: object, model: string): PromiseLike<readonly Readonly<Record<string, unknown>>[]>;
  operations(random: Random, known: KnownModels, tenant: Tenant, tenants: readonly Tenant[]): Arbitrary<Operation>;
  perform(client: object, operation: Operation): PromiseLike<unknown>;
  print(operation: Operation): string;
}
