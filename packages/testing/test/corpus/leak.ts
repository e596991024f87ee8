import type { INestApplication, ModuleMetadata, Provider, Type } from '@nestjs/common';
import type { Tenant, TenantSource } from '@tenancy/core';
import type { IsolationHarness, TenantClient } from '../../src/index.js';
import type { ProofOptions } from '../../src/proof/proof-options.js';
import type { Examples } from '../../src/proof/target/example.js';
import type { AttackName } from '../../src/report/isolation-report.js';
import type { PlantedHiring } from './tables.js';

/** Parts of an application, beside what all of them have. */
export interface Parts {
  readonly controllers?: readonly Type<unknown>[];
  /** Of two with the same token, the later one is taken. */
  readonly providers?: readonly Provider[];
  readonly imports?: NonNullable<ModuleMetadata['imports']>;
  /** @defaultValue host and token, which must agree */
  readonly sources?: readonly TenantSource[];
  /** Runs before the application listens, as in `main.ts`. */
  configure?(app: INestApplication): void | Promise<void>;
  /** Runs once the application listens, as in `main.ts`. */
  started?(app: INestApplication): void | Promise<void>;
}

/** An application that keeps its tenants apart, and the ways in which its twins do not. */
export interface Twins {
  /** A heading of the table. */
  readonly about: string;
  readonly correct: Parts;
  readonly examples?: Readonly<Record<string, Examples>>;
  /** True when each tenant has a note about the other's candidate: a link that was there before anybody checked. */
  readonly isLinked?: boolean;
  /**
   * The two tenants, of which the first attacks: `acme` and `globex` in a scene, whatever their names are.
   * @defaultValue acme and globex
   */
  readonly tenants?: readonly [Tenant, Tenant];
  /** The host that all tenants are called at, where their tokens alone name them. */
  readonly host?: string;
  /** Attacks that do not fit, and why, as an author would write it. */
  readonly exempt?: NonNullable<ProofOptions['exempt']>;
  readonly leaks: readonly Leak[];
}

/** One leak, in an application that is correct otherwise. */
export interface Leak {
  /** As the table has it: `a cache key without the tenant`. */
  readonly name: string;
  /** Its place: `GET /jobs/:id`. */
  readonly entrance: string;
  /** The attacks that must find it, where that is known. */
  readonly caughtBy?: readonly [AttackName, ...AttackName[]];
  /** Parts of the leaky twin, instead of the correct ones or beside them. */
  readonly leaky: Parts;
  /** The same attack, by hand: whether acme got at something of globex's. */
  readonly byHand: (scene: Scene) => Promise<boolean>;
}

/** Two tenants of a running application, of which acme is the attacker. */
export interface Scene {
  readonly harness: IsolationHarness;
  readonly acme: TenantClient;
  readonly globex: TenantClient;
  readonly ours: PlantedHiring;
  readonly theirs: PlantedHiring;
  /** Plants more rows of globex's. */
  readonly plantTheirs: () => Promise<PlantedHiring>;
  /** True when any text of globex's is in what was seen. */
  readonly shows: (...seen: readonly unknown[]) => boolean;
  /** True when rows of globex's are others after the work than before. */
  readonly harms: (work: () => Promise<unknown>) => Promise<boolean>;
}

/** The leaky twin's provider in place of the correct one. */
export function instead<T>(correct: Type<T>, leaky: Type<T>): Parts {
  return { providers: [{ provide: correct, useClass: leaky }] };
}
