import { TenancyError } from './tenancy-error.js';

/** 500 `tenant_context_missing`: code asked for the tenant outside any tenant's context. */
export class TenantContextMissingError extends TenancyError {
  constructor(
    explanation = "code asked for the tenant outside any tenant's context. Run it inside `TenantContext.run(tenant, …)`, " +
      'carry the context to a later call with `TenantContext.bind(…)`, or, on an `@Untenanted()` route, do not ask. In a lifecycle hook or ' +
      'a script, visit each tenant with `forEachTenant(…)` of @tenancy/core/schedule.',
  ) {
    super('tenant_context_missing', explanation);
  }
}

/** 500 `tenant_switch_refused`: code tried to enter another tenant from inside one. */
export class TenantSwitchRefusedError extends TenancyError {
  constructor(
    explanation = "code tried to enter another tenant from inside a tenant's context. " +
      'If it really has to, `TenantAdmin.runAs` from @tenancy/core/admin switches and leaves an audit event.',
  ) {
    super('tenant_switch_refused', explanation);
  }
}
