export { type ParsedResponse, type Refusal, refusesTenant } from './matchers/refuses-tenant.js';
export { requiresTenant } from './matchers/requires-tenant.js';
export type { Verdict } from './matchers/verdict.js';
