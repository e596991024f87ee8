/** Every code with its HTTP answer. Explained in `docs/errors.md`. */
export const tenancyErrors = {
  tenant_required: { status: 401, error: 'Unauthorized' },
  tenant_mismatch: { status: 401, error: 'Unauthorized' },
  tenant_inactive: { status: 403, error: 'Forbidden' },
  tenant_context_missing: { status: 500, error: 'Internal Server Error' },
  tenant_switch_refused: { status: 500, error: 'Internal Server Error' },
  tenant_source_failed: { status: 500, error: 'Internal Server Error' },
  tenant_registry_unavailable: { status: 503, error: 'Service Unavailable' },
  tenant_cache_unavailable: { status: 503, error: 'Service Unavailable' },
  tenant_jobs_running: { status: 503, error: 'Service Unavailable' },
  tenant_jobs_added: { status: 503, error: 'Service Unavailable' },
  tenancy_misconfigured: { status: 500, error: 'Internal Server Error' },
} as const satisfies Record<string, { readonly status: number; readonly error: string }>;

/** The literal `code` of a `TenancyError`. */
export type TenancyErrorCode = keyof typeof tenancyErrors;
