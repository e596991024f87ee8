export { type PerTenantOptions, perTenant } from './context/per-tenant.js';
export { TenantContext } from './context/tenant-context.js';
export { admitRequest } from './entrances/admit-request.js';
export { CurrentTenant } from './entrances/current-tenant.decorator.js';
export { resumeRequest } from './entrances/resume-request.js';
export { TenantGuard } from './entrances/tenant.guard.js';
export { TenantContextInterceptor } from './entrances/tenant-context.interceptor.js';
export { TenantResolverMiddleware } from './entrances/tenant-resolver.middleware.js';
export { Tenanted, Untenanted } from './entrances/untenanted.decorator.js';
export type { TenancyErrorCode } from './errors/codes.js';
export { TenancyConfigurationError } from './errors/configuration-error.js';
export { TenantContextMissingError, TenantSwitchRefusedError } from './errors/context-errors.js';
export {
  TenantInactiveError,
  TenantMismatchError,
  TenantRegistryUnavailableError,
  TenantRequiredError,
  TenantSourceFailedError,
} from './errors/refusals.js';
export { isTenancyError, TenancyError } from './errors/tenancy-error.js';
export { CachedTenantRegistry, type RegistryCacheOptions } from './registry/cached-tenant-registry.js';
export { type InMemoryTenant, InMemoryTenantRegistry } from './registry/in-memory-tenant-registry.js';
export { type TenantHint, TenantRegistry } from './registry/tenant-registry.js';
export { fromCustomDomain } from './resolution/from-custom-domain.js';
export { fromJwt } from './resolution/from-jwt.js';
export {
  fromRequest,
  type LateRequest,
  type RequestSourceOptions,
  type TenantIdOf,
} from './resolution/from-request.js';
export { fromSession, type SessionSourceOptions } from './resolution/from-session.js';
export { fromSignedHeader, type SignedHeaderOptions } from './resolution/from-signed-header.js';
export { fromSubdomain, type SubdomainOptions } from './resolution/from-subdomain.js';
export type { Algorithm, JwtOptions, TokenVerifier } from './resolution/jwt-options.js';
export { signTenantHeader } from './resolution/signed-header.js';
export { TenantResolver } from './resolution/tenant-resolver.js';
export type { LateMoment, TenantRequest, TenantSource } from './resolution/tenant-source.js';
export { verifiedPayload } from './resolution/verified-payload.js';
export { TenancyModule } from './tenancy.module.js';
export type { TenancyModuleExtras, TenancyOptionsFactory } from './tenancy.module-definition.js';
export type { TenancyOptions } from './tenancy.options.js';
export type { Register, Tenant, TenantStatus } from './tenant.js';
