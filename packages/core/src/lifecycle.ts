export type { TenantLifecycleOptions } from './lifecycle/lifecycle-options.js';
export { OnTenant, type OnTenantOptions } from './lifecycle/on-tenant.decorator.js';
export type { TenantEvent, TenantEventKind, TenantEventSource } from './lifecycle/tenant-event.js';
export { TenantLifecycleModule } from './lifecycle/tenant-lifecycle.module.js';
