import { TenancyConfigurationError } from '../../errors/configuration-error.js';

/** Options that a queue refuses, or that would make the job another tenant's, or more than one. */
const NEVER = ['repeat', 'repeatJobKey', 'parent', 'tenancy', 'tenancyTurn', 'prevMillis'];

/** @throws `tenancy_misconfigured` for an event that would be refused whenever it is delivered, long after its transaction. */
export function checkEvent(name: unknown, data: unknown, options: unknown): void {
  const wrong = (problem: string, fix: string) => new TenancyConfigurationError('TenantOutbox.add', problem, fix);
  if (typeof name !== 'string' || name === '') throw wrong('is given no name', 'Name the job, as for `queue.add`.');
  if (data !== undefined && JSON.stringify(data) === undefined) {
    throw wrong(`is given a ${typeof data} as data`, 'Pass what JSON can hold.');
  }
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw wrong('is given options that are none', 'Pass an object, as for `queue.add`.');
  }
  const never = NEVER.find((option) => (options as Record<string, unknown>)[option] !== undefined);
  if (never !== undefined)
    throw wrong(`is given the option ${never}`, 'Leave it out: an event is one job of its tenant.');
  const { jobId } = options as { readonly jobId?: unknown };
  if (jobId !== undefined && (typeof jobId !== 'string' || jobId === '' || jobId.includes(':'))) {
    throw wrong(
      'is given a `jobId` that no queue takes',
      'Pass a text without `:`, or leave it out: it is the id of the event.',
    );
  }
}
