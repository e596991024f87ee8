import { Logger } from '@nestjs/common';
import { TenancyConfigurationError } from '../../errors/configuration-error.js';
import type { Lock } from './clock-lock.js';

const logger = new Logger('TenantSchedule');

/** PostgreSQL's codes for a table that is not there, that may not be used, or that is another. */
const TABLE = new Set(['42P01', '42501', '42703', '3F000']);

/**
 * Sweeps once, when the application starts, and finds out whether that can be done. A place that does not answer just now is not waited for.
 *
 * @throws `tenancy_misconfigured` without the table.
 */
export async function prepared(lock: Lock): Promise<void> {
  try {
    await lock.sweep();
  } catch (error) {
    const { code, message } = error as { readonly code?: unknown; readonly message?: unknown };
    if (typeof code === 'string' && TABLE.has(code)) {
      const wrong = new TenancyConfigurationError(
        'lock.table',
        `cannot be used: ${String(message)}`,
        'Create the table with `scheduleTableSql()`, and let the role of the pool select, insert, update and delete.',
      );
      throw Object.assign(wrong, { cause: error });
    }
    logger.warn(`The place of the lock does not answer: ${String(message)}`);
  }
}
