import type { Tenant } from '@tenancy/core';

const OFFICES_EACH = 20;
const JOBS_EACH = 400;

export const tenants: readonly Tenant[] = Array.from({ length: 100 }, (_, n) => {
  const slug = `company-${String(n).padStart(2, '0')}`;
  return { id: `t_${slug}`, slug };
});
export const OFFICES = tenants.length * OFFICES_EACH;
export const JOBS = tenants.length * JOBS_EACH;
export const CANDIDATES = JOBS;

export const newJob = { title: 'Carpenter', location: 'Zurich', open: false };
export const candidates = [
  { name: 'Ada', email: 'ada@example.com' },
  { name: 'Ben', email: 'ben@example.com' },
] as const;

/** How many of them call, one after the other. */
export const CALLING = 50;

/** The `turn`th row of a tenant, in no order: 7919 is prime. */
export const jobOf = (tenant: number, turn: number) => 1 + tenant + ((turn * 7919) % JOBS_EACH) * tenants.length;
export const officeOf = (tenant: number, turn: number) => 1 + tenant + ((turn * 7919) % OFFICES_EACH) * tenants.length;
