export type { Isolation, Placement, ReplicatedPlace } from './connections/isolation.js';
export type { StartCheck, StartChecks } from './connections/start-check.js';
export type { DatabaseConnection } from './databases/database-directory.js';
export type { DoctorOptions, Finding, Queryable, Rule, RuleName, Severity } from './doctor/diagnosis/rule.js';
export { examine } from './doctor/examine.js';
export { adviceRules, startRules } from './doctor/rules.js';
export type { TenantFloorErrorCode } from './errors/tenant-floor-error.js';
export { isTenantFloorError, TenantFloorError } from './errors/tenant-floor-error.js';
export { databasePerTenant } from './isolation/database-per-tenant.js';
export type { DatabasePerTenantOptions } from './isolation/database-per-tenant-options.js';
export { isolationByTenant } from './isolation/isolation-by-tenant.js';
export { placedIsolation } from './isolation/placed-isolation.js';
export type { PlacedIsolationOptions } from './isolation/placed-isolation-options.js';
export { type RowLevelSecurityOptions, rowLevelSecurity } from './isolation/row-level-security.js';
export { type SchemaPerTenantOptions, schemaPerTenant } from './isolation/schema-per-tenant.js';
export type { PlaceKind, TenantPlace } from './isolation/tenant-place.js';
export { type CompiledPolicies, type CompiledTable, compilePolicies } from './policies/compile-policies.js';
export type { PolicyDrift, PolicyDriftKind } from './policies/drift.js';
export type { TenantColumnType } from './policies/policy-body.js';
export { policyDrift } from './policies/policy-drift.js';
export type {
  CompilePoliciesOptions,
  HiddenTable,
  SharedTable,
  TenantTable,
  TenantView,
} from './policies/policy-options.js';
export {
  type ClassifiedTable,
  type ReadTablesOptions,
  readTables,
  type TableClassification,
} from './policies/read-tables.js';
export { createTenantPool } from './pool/create-tenant-pool.js';
export { TenantPool } from './pool/tenant-pool.js';
export type { TenantPoolOptions } from './pool/tenant-pool-options.js';
export type { ReadOptions } from './replicas/read-options.js';
export { reading } from './replicas/reading.js';
