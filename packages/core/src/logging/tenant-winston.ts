import { TenancyConfigurationError } from '../errors/configuration-error.js';
import { FIELD, loggedTenant } from './logged-tenant.js';

/** The part of a logger of winston that is used here. */
interface WinstonLogger {
  write(info: unknown, ...rest: unknown[]): boolean;
}

/**
 * Puts `tenantId` into every line of a logger of winston, and of its children. It is told where a line is written: formats run later
 * where a transport is slow, in the context of whoever makes room.
 *
 * @returns the logger itself.
 * @throws `tenancy_misconfigured` where it is given no logger.
 * @example
 * ```ts
 * import { tenantWinston } from '@tenancy/core/logging';
 * import { createLogger, format, transports } from 'winston';
 *
 * export const logger = tenantWinston(createLogger({ format: format.json(), transports: [new transports.Console()] }));
 * ```
 */
export function tenantWinston<L extends WinstonLogger>(logger: L): L {
  if (typeof logger?.write !== 'function') {
    throw new TenancyConfigurationError('tenantWinston', 'is given no logger', 'Pass `createLogger(…)` of winston.');
  }
  const { write } = logger;
  logger.write = function (this: L, info: unknown, ...rest: unknown[]) {
    const id = loggedTenant();
    return Reflect.apply(write, this, [typeof info === 'object' && info !== null ? told(info, id) : info, ...rest]);
  };
  return logger;
}

/** A field of the application's names no tenant, also where there is none. */
function told(info: object, id: string | undefined): object {
  if (id !== undefined) return { ...info, [FIELD]: id };
  if (!(FIELD in info)) return info;
  const { [FIELD]: _, ...rest } = info;
  return rest;
}
