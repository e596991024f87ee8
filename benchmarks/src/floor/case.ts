import type { TenantContext } from '@tenancy/core';

/** The one table, as every case reads it. */
export interface Job {
  readonly id: number;
  readonly tenantId: string;
  readonly title: string;
  readonly location: string;
  readonly open: boolean;
  readonly createdAt: Date;
}

/** The same rows twice, each as the application's own role sees them. */
export interface Databases {
  /** No policies: every query sees every row. */
  readonly withoutPolicies: string;
  /** Policies on the table, which hold the role to the tenant of the setting. */
  readonly withPolicies: string;
}

/** One way of keeping tenants apart. Whose rows are read is the caller's context to say, in every case. */
export interface FloorCase {
  byKey(id: number): PromiseLike<Job | null | undefined>;
  /** The first hundred rows in the order of their keys. */
  hundredRows(): PromiseLike<readonly Job[]>;
}

export type OpenCase = (databases: Databases, context: TenantContext) => Promise<FloorCase>;
