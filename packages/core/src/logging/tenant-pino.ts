import { refuseUnknown } from '../errors/refuse-unknown.js';
import { requireFunction } from '../errors/require-function.js';
import { FIELD, loggedTenant } from './logged-tenant.js';

type Mixin = (mergeObject: object, level: number, logger: never) => object;

/** Options of {@link tenantPino}. */
export interface TenantPinoOptions {
  /**
   * A mixin of the application's own, whose fields are kept.
   * @defaultValue none
   */
  readonly mixin?: Mixin | undefined;
}

/**
 * Options of pino that put `tenantId` into every line, also of child loggers, and into those that pino-http writes once a request is
 * answered. A field of this name in an object that is logged, such as a body, names no other tenant.
 *
 * @throws `tenancy_misconfigured`, naming the option that is wrong and the fix.
 * @example
 * ```ts
 * import { tenantPino } from '@tenancy/core/logging';
 * import { LoggerModule } from 'nestjs-pino';
 * import { pino } from 'pino';
 *
 * export const logger = pino({ level: 'info', ...tenantPino() });
 *
 * export const logging = LoggerModule.forRoot({ pinoHttp: { level: 'info', ...tenantPino() } });
 * ```
 */
export function tenantPino(options: TenantPinoOptions = {}) {
  refuseUnknown('tenantPino', options, ['mixin']);
  const { mixin: own } = options;
  if (own !== undefined) requireFunction('tenantPino.mixin', own);
  return {
    mixin(mergeObject: object, level: number, logger: unknown): object {
      const id = loggedTenant();
      const fields = own?.(mergeObject, level, logger as never);
      return id === undefined ? { ...fields } : { ...fields, [FIELD]: id };
    },
    /** As pino does it, but for the tenant: what is logged goes before what is mixed in. */
    mixinMergeStrategy(mergeObject: object, mixed: object): object {
      const merged = Object.assign({ ...mixed }, mergeObject) as Record<string, unknown>;
      if (loggedTenant() === undefined) delete merged[FIELD];
      else merged[FIELD] = (mixed as Record<string, unknown>)[FIELD];
      return merged;
    },
  };
}
