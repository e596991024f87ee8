import { TenancyError } from './tenancy-error.js';

/** 401 `tenant_required`: nothing identified a tenant. */
export class TenantRequiredError extends TenancyError {
  constructor(
    explanation = "no source identified a tenant that exists. Call a tenant's own host, or send a valid token.",
  ) {
    super('tenant_required', explanation);
  }
}

/** 401 `tenant_mismatch`: two sources name different tenants, or one of them names a tenant that does not exist. */
export class TenantMismatchError extends TenancyError {
  constructor(
    explanation = "the sources of this request do not agree on one tenant. Use a token on its own tenant's host.",
  ) {
    super('tenant_mismatch', explanation);
  }
}

/** 403 `tenant_inactive`: the tenant is known, and its `status` is not `active`. */
export class TenantInactiveError extends TenancyError {
  constructor() {
    super('tenant_inactive', 'the tenant of this request is not active. Set its status to "active" to let it in.');
  }
}

/** 503 `tenant_registry_unavailable`: the registry threw, did not answer in time, or answered with nonsense. */
export class TenantRegistryUnavailableError extends TenancyError {
  constructor(explanation: string, cause?: unknown) {
    super('tenant_registry_unavailable', explanation, { cause });
  }
}

/** 500 `tenant_source_failed`: a tenant source threw, or answered with something that is not a hint. */
export class TenantSourceFailedError extends TenancyError {
  constructor(explanation: string, cause?: unknown) {
    super('tenant_source_failed', explanation, { cause });
  }
}

/** 503 `tenant_cache_unavailable`: a cache's store did not keep what `clear()` wrote, so nothing is cleared. */
export class TenantCacheUnavailableError extends TenancyError {
  constructor() {
    super(
      'tenant_cache_unavailable',
      'the last store of the cache did not keep what clear() wrote, so its entries are still there. ' +
        'See whether it is out of reach, or read-only, and clear again.',
    );
  }
}

/** 503 `tenant_jobs_running`: jobs of a tenant whose jobs were to be deleted have not ended yet. */
export class TenantJobsRunningError extends TenancyError {
  constructor(queue: string, count: number) {
    super(
      'tenant_jobs_running',
      `${count === 1 ? 'a job' : `${count} jobs`} of the tenant in the queue "${queue}" ${count === 1 ? 'is' : 'are'} still running or ` +
        'held by a job that is, and cannot be removed before that has ended; all others are gone. ' +
        'Suspend the tenant, so that none begins, and call again.',
    );
  }
}

/** 503 `tenant_jobs_added`: jobs of a tenant went on coming while its jobs were deleted. */
export class TenantJobsAddedError extends TenancyError {
  constructor(queue: string, removed: number, added: number) {
    super(
      'tenant_jobs_added',
      `jobs of the tenant are still being added to the queue "${queue}": ${removed} were removed, and ${added} came meanwhile. ` +
        'Suspend the tenant, so that nothing adds any, and call again.',
    );
  }
}
