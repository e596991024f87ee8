import { TenantSwitchRefusedError } from '../errors/context-errors.js';

/** Q6: whoever asks for it, inside a tenant or outside. */
export const refusedMember = (of: string, member: string): TenantSwitchRefusedError =>
  new TenantSwitchRefusedError(
    `\`${member}\` of a ${of} reaches the jobs of every tenant. Use what is the tenant's own, such as \`getJob(id)\`, or, for all of ` +
      'them, `TenantQueueAdmin.acrossTenants({ reason }, queue, (raw) => …)` from @tenancy/core/admin.',
  );

/** Q2: what names a tenant beside the context is refused where it is made. */
export const forgedOption = (option: string, fix: string): TenantSwitchRefusedError =>
  new TenantSwitchRefusedError(
    `a job is given the option \`${option}\`, which is not the application's to set. ${fix}`,
  );

/** A job that was kept from another tenant's work. */
export const anothersJob = (): TenantSwitchRefusedError =>
  new TenantSwitchRefusedError(
    "code asked for something of a job that another tenant's context has made. Ask the queue for it: `queue.getJob(id)`.",
  );
