import type { Tenant } from '@tenancy/core';
import { type FloorDatabase, tenants } from '../database/floor-database.js';

export interface Crowd {
  readonly callers: number;
  readonly rounds: number;
}

type Row = { readonly tenant_id: string };

/** Callers of three tenants at once, in turn, each of which does `work` so many times in its tenant's context. */
export async function interleaved(
  { context }: Pick<FloorDatabase, 'context'>,
  { callers, rounds }: Crowd,
  work: (tenant: Tenant, round: number, caller: number) => Promise<unknown>,
): Promise<void> {
  await Promise.all(
    Array.from({ length: callers }, (_, caller) => {
      const tenant = tenants[caller % tenants.length] as Tenant;
      return context.run(tenant, async () => {
        for (let round = 0; round < rounds; round += 1) await work(tenant, round, caller);
      });
    }),
  );
}

/** Own rows appear (the ten that each tenant has from the start), and foreign rows do not. */
export function areOwn(tenant: Tenant, rows: readonly unknown[], due = 10): boolean {
  return rows.length === due && rows.every((row) => (row as Row).tenant_id === tenant.id);
}
