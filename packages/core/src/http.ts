export type { CalledHostsOptions } from './http/called-hosts.js';
export { tenantAxios } from './http/tenant-axios.js';
export { tenantDispatcher } from './http/tenant-dispatcher.js';
export { type TenantFetchOptions, tenantFetch } from './http/tenant-fetch.js';
export { TENANT_FETCH, TenantHttpModule, type TenantHttpOptionsFactory } from './http/tenant-http.module.js';
export { untenantedCall } from './http/untenanted-call.js';
