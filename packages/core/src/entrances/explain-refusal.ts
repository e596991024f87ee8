import { type ExecutionContext, Logger } from '@nestjs/common';
import { outsideAnyTenant } from '../context/enter.js';
import { isTenancyError } from '../errors/brand.js';
import type { TenantResolver } from '../resolution/tenant-resolver.js';
import { requestOf } from './request-of.js';

const logger = new Logger('Tenancy');
const explained = new WeakSet<object>();

/**
 * Says at debug level why a request was refused: what each source made of it. The client is told the code alone.
 *
 * Where debug is off this costs a comparison, and the sources are not asked again.
 */
export function explainRefusal(error: unknown, context: ExecutionContext, resolver: TenantResolver | undefined): void {
  if (!resolver || !isTenancyError(error) || error.getStatus() >= 500 || explained.has(error) || !isDebugging()) return;
  // One refusal may be thrown by many resolvers of one GraphQL operation.
  explained.add(error);
  const request = requestOf(context);
  if (request === undefined) return;
  const handler = `${context.getClass().name}.${context.getHandler().name}`;
  outsideAnyTenant(() => resolver.explain(request)).then(
    (explanation) => logger.debug(`${handler} refused a request with ${error.code}: ${explanation}`),
    (cause: unknown) =>
      logger.debug(`${handler} refused a request with ${error.code}, and why cannot be told: ${cause}`),
  );
}

function isDebugging(): boolean {
  const { staticInstanceRef: own, logLevels } = Logger as unknown as LoggerState;
  // `logger: false`.
  if (!own) return false;
  if (own.isLevelEnabled) return own.isLevelEnabled('debug');
  // While no levels are set all are on, and Nest 11 says of each that it is off.
  return logLevels === undefined || Logger.isLevelEnabled('debug');
}

/** Nest's static logger, and the levels that it was told, which it keeps to itself. */
interface LoggerState {
  readonly staticInstanceRef?: { isLevelEnabled?(level: string): boolean } | false;
  readonly logLevels?: unknown;
}
