import { Logger } from '@nestjs/common';
import { UnrecoverableError } from 'bullmq';
import { isTenancyError } from '../errors/brand.js';
import { TenantRequiredError } from '../errors/refusals.js';
import type { TenancyError } from '../errors/tenancy-error.js';
import { activeTenant, rememberedTenant } from '../registry/active-tenant.js';
import type { TenantRegistry } from '../registry/tenant-registry.js';
import type { Tenant } from '../tenant.js';
import { stampedTenant } from './job-stamp.js';
import type { Raw } from './raw.js';
import type { Wiring } from './wiring.js';

/** The tenant of a job that is about to run, or why it must not. */
export type Admission = { readonly tenant: Tenant } | { readonly refusal: TenancyError };

/** Looks the tenant of a job up again: it may have been suspended or deleted since the job was made. No promise where it is remembered. */
export function admitJob(queueName: string, job: Raw, { registry, secrets }: Wiring): Admission | Promise<Admission> {
  const tenantId = stampedTenant(queueName, job, secrets);
  if (tenantId === null) return { refusal: unstamped(secrets.length > 0) };
  const tenant = rememberedTenant(registry, tenantId);
  return tenant ? { tenant } : lookedUp(registry, tenantId);
}

async function lookedUp(registry: TenantRegistry, tenantId: string): Promise<Admission> {
  try {
    return { tenant: await activeTenant(registry, tenantId) };
  } catch (error) {
    if (!isTenancyError(error)) throw error;
    return { refusal: error };
  }
}

const unstamped = (isSigned: boolean): TenantRequiredError =>
  new TenantRequiredError(
    `the job has no stamp of a tenant${isSigned ? ' that is signed for it' : ''}. Add jobs inside a tenant's context, through a ` +
      'queue of TenantBullModule; for jobs of nobody, name the queue in `shared` and mark its processor `@Untenanted()`.',
  );

const logger = new Logger('TenantBullModule');

/**
 * The failure of a job that was refused: its `failedReason` is the code. It is not tried again, except where the registry did not
 * answer, which the job's own `attempts` are for. One line says so, and what to do.
 */
export function refusedJob(queueName: string, job: Raw, refusal: TenancyError): Error {
  // As JSON, so that an id which somebody wrote forges no line.
  const id = JSON.stringify(String(job['id'])).slice(1, -1);
  logger.error(`job ${id} of queue "${queueName}" was refused: ${refusal.message}`);
  const { code } = refusal;
  const failure = code === 'tenant_registry_unavailable' ? new Error(code) : new UnrecoverableError(code);
  // What is stored with the job is seen by whoever sees the queue (Q12).
  failure.stack = `${failure.name}: ${code}`;
  return Object.assign(failure, { code, cause: refusal });
}
