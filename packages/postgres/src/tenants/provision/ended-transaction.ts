import { TenantsError } from '../tenants-error.js';

/** COMMIT of a transaction that failed answers without an error, and one that was ended would be another one's. */
export function endedTransaction(cause?: unknown): TenantsError {
  return new TenantsError(
    'operation_failed',
    'what was to run in the transaction of the place has ended that transaction, or went on after a statement of it had failed. What it has ' +
      'committed itself may be there; nothing else is. Let it neither commit nor roll back, and let its errors through.',
    { cause },
  );
}
