import { TenancyConfigurationError } from '../../errors/configuration-error.js';
import { refuseUnknown } from '../../errors/refuse-unknown.js';
import { LONGEST_TIMER } from '../../longest-timer.js';
import type { OutboxModuleOptions, OutboxOptions } from './outbox-options.js';

/** @throws `tenancy_misconfigured`, naming the first option that is wrong and the fix. */
export function resolveOutboxOptions(options: OutboxModuleOptions): OutboxOptions {
  const wrong = (option: string, problem: string, fix: string) =>
    new TenancyConfigurationError(`TenantOutboxModule.${option}`, problem, fix);
  refuseUnknown('TenantOutboxModule', options, ['store', 'queues', 'every', 'timeout']);
  const { store, queues, every = 30_000, timeout = 10_000 } = options ?? {};
  if (typeof store?.insert !== 'function' || typeof store.drain !== 'function') {
    throw wrong('store', 'is no outbox', 'Pass `postgresOutbox({ pool })`.');
  }
  if (!Array.isArray(queues) || queues.length === 0 || queues.some((name) => typeof name !== 'string' || name === '')) {
    throw wrong('queues', 'names no queue', 'Pass their names, as `BullModule.registerQueue` has them.');
  }
  for (const [option, ms] of Object.entries({ every, timeout })) {
    if (option === 'every' && ms === false) continue;
    if (!Number.isSafeInteger(ms) || Number(ms) < 1 || Number(ms) > LONGEST_TIMER) {
      throw wrong(option, `is not a whole number from 1 to ${LONGEST_TIMER}`, 'Pass milliseconds.');
    }
  }
  return { store, queues: [...queues], every, timeout };
}
