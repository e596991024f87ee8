export type { Canary, Sighting } from './canaries/canary.js';
export { CanaryRegistry } from './canaries/canary-registry.js';
export { findCanaries } from './canaries/find-canaries.js';
export { findInAnswer } from './canaries/find-in-answer.js';
export { type ParsedResponse, type Refusal, refusesTenant } from './matchers/refuses-tenant.js';
export { requiresTenant } from './matchers/requires-tenant.js';
export type { Verdict } from './matchers/verdict.js';
