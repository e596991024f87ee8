import { ConsoleLogger, type LogLevel } from '@nestjs/common';
import { FIELD, inOneLine, loggedTenant } from './logged-tenant.js';

/**
 * Nest's `ConsoleLogger`, with its options, whose lines say whose they are: `{t_acme}` before the message, or the field `tenantId` in
 * JSON. What is logged without a tenant has neither.
 *
 * @example
 * ```ts
 * import { NestFactory } from '@nestjs/core';
 * import { TenantLogger } from '@tenancy/core/logging';
 *
 * class AppModule {}
 *
 * export const start = () => NestFactory.create(AppModule, { logger: new TenantLogger({ json: true }) });
 * ```
 */
export class TenantLogger extends ConsoleLogger {
  /** @internal */
  protected override getJsonLogObject(
    ...args: Parameters<ConsoleLogger['getJsonLogObject']>
  ): ReturnType<ConsoleLogger['getJsonLogObject']> {
    const line = super.getJsonLogObject(...args);
    const id = loggedTenant();
    return id === undefined ? line : Object.assign(line, { [FIELD]: id });
  }

  /** @internal */
  protected override formatMessage(
    level: LogLevel,
    message: unknown,
    pid: string,
    formattedLevel: string,
    context: string,
    ...rest: [timestampDiff: string, params?: Record<string, unknown>]
  ): string {
    const id = loggedTenant();
    const about = id === undefined ? context : `${context}{${inOneLine(id)}} `;
    return super.formatMessage(level, message, pid, formattedLevel, about, ...rest);
  }
}
