import { TenantsError } from '../tenants-error.js';

/** Nothing of such an archive is there: it is refused before anything is done, or all is rolled back. */
export function archiveRefused(why: string, options?: { readonly cause?: unknown }): TenantsError {
  return new TenantsError(
    'archive_refused',
    `the archive is refused: ${why}. Nothing was imported. Export the tenant again, and do not change the archive.`,
    options,
  );
}

/** The archive is whole, and does not fit the tables here. */
export function archiveUnfit(why: string, fix: string): TenantsError {
  return new TenantsError('archive_refused', `the archive does not fit here: ${why}. Nothing was imported. ${fix}`);
}

/** The error of work that leaves nothing when it fails: that of the signal, where that has ended it. */
export function endedBy(signal: AbortSignal | undefined, error: unknown): unknown {
  if (!signal?.aborted) return error;
  return new TenantsError('operation_interrupted', 'the signal ended it. Nothing is left of it. Run it again.', {
    cause: signal.reason,
  });
}
