export type { TenantEvent, TenantEventKind } from '@tenancy/core/lifecycle';
export type { PlaceKind, TenantPlace } from './isolation/tenant-place.js';
export type {
  DeleteTenantOptions,
  DeletionProgress,
  DeletionStep,
  TenantRemover,
} from './tenants/delete/delete-options.js';
export { type DeletionPreview, deleteTenant, previewDeletion } from './tenants/delete/delete-tenant.js';
export type { DeletionCertificate } from './tenants/delete/deletion-certificate.js';
export type { Leftover, ScannedDatabase } from './tenants/delete/scan.js';
export type { SettingsSchema, TenantDirectoryOptions } from './tenants/directory/directory-options.js';
export type { FoundTenants, TenantSearch } from './tenants/directory/directory-search.js';
export { tenantDirectorySql } from './tenants/directory/directory-tables.js';
export type { DirectoryStatus, DirectoryTenant } from './tenants/directory/directory-tenant.js';
export type { ClaimedDomain, TxtLookup } from './tenants/directory/domains.js';
export type { InTransaction, NewTenant } from './tenants/directory/new-tenant.js';
export type { TenantChanges, TenantChangesOf } from './tenants/directory/tenant-changes.js';
export type { TenantDetails, TenantDomain, TenantPast } from './tenants/directory/tenant-details.js';
export { TenantDirectory } from './tenants/directory/tenant-directory.js';
export type { DeliveredEvents, EventDelivery } from './tenants/directory/tenant-event.js';
export type { ExportProgress, ExportResult, ExportTenantOptions } from './tenants/export/export-options.js';
export { exportTenant } from './tenants/export/export-tenant.js';
export { isTenantFenced } from './tenants/fence/fence.js';
export type { ImportProgress, ImportResult, ImportTenantOptions } from './tenants/import/import-options.js';
export { importTenant } from './tenants/import/import-tenant.js';
export { abandonMove, finishMove } from './tenants/move/end-move.js';
export type { MovedTenantOptions, MoveProgress, MoveResult, MoveTenantOptions } from './tenants/move/move-options.js';
export { moveTenant } from './tenants/move/move-tenant.js';
export {
  type PlaceBaseline,
  type TenantPlaces,
  type TenantPlacesOptions,
  type TenantServer,
  tenantPlaces,
} from './tenants/places/tenant-places.js';
export { type AbandonProvisioningOptions, abandonProvisioning } from './tenants/provision/abandon-provisioning.js';
export type { ProvisionedTenant, ProvisionTenantOptions } from './tenants/provision/provision-options.js';
export { type ProvisionPlan, provisionPlan } from './tenants/provision/provision-plan.js';
export { provisionTenant } from './tenants/provision/provision-tenant.js';
export { isTenantsError, TenantsError, type TenantsErrorCode } from './tenants/tenants-error.js';
