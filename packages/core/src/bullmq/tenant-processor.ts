import { isMainThread, parentPort } from 'node:worker_threads';
import type { SandboxedJob } from 'bullmq';
import { enter, outsideAnyTenant } from '../context/enter.js';
import { storeFor } from '../context/storage.js';
import { TenantRequiredError } from '../errors/refusals.js';
import { requireFunction } from '../errors/require-function.js';
import { STAMP } from '../stamp/stamp.js';
import { admit, type Tenant } from '../tenant.js';
import { isProbe, WRAPPED } from './sandbox-messages.js';

type SandboxedProcessor<J, R> = (job: J, token?: string, signal?: AbortSignal) => R;

/**
 * The default export of a sandboxed processor's file: runs `fn` as the tenant of each job. There is no registry in the child process or
 * thread; the worker that hands the job on has looked the tenant up.
 *
 * @throws `tenant_required` for a job that no worker of `TenantBullModule` has handed on.
 * @throws `tenancy_misconfigured` when `fn` is no function.
 * @example
 * ```ts
 * import type { SandboxedJob } from 'bullmq';
 * import { TenantContext } from '@tenancy/core';
 * import { tenantProcessor } from '@tenancy/core/bullmq';
 *
 * const context = new TenantContext();
 *
 * export default tenantProcessor(async (job: SandboxedJob) => `${job.name} of ${context.tenantId}`);
 * ```
 */
export function tenantProcessor<J extends SandboxedJob, R>(fn: SandboxedProcessor<J, R>): SandboxedProcessor<J, R> {
  requireFunction('tenantProcessor', fn);
  answerProbes();
  return (job, token, signal) => {
    const { [STAMP]: tenant } = job as { readonly [STAMP]?: Tenant | null };
    Reflect.deleteProperty(job, STAMP);
    if (tenant === undefined) {
      throw new TenantRequiredError(
        'a job of a sandboxed processor came from a worker that is not of TenantBullModule.',
      );
    }
    const call = () => fn(job, token, signal);
    return tenant === null ? outsideAnyTenant(call) : enter(storeFor(admit(tenant)), call);
  };
}

let isAnswering = false;

/** Tells the worker that this file enters tenants. */
function answerProbes(): void {
  if (isAnswering) return;
  isAnswering = true;
  if (!isMainThread) parentPort?.on('message', (message) => isProbe(message) && parentPort?.postMessage(WRAPPED));
  else if (process.send) process.on('message', (message) => isProbe(message) && process.send?.(WRAPPED));
}
