import { type ExecutionContext, Logger } from '@nestjs/common';
import { outsideAnyTenant } from '../context/enter.js';
import { isTenancyError } from '../errors/brand.js';
import type { TenantResolver } from '../resolution/tenant-resolver.js';
import type { TenantRequest } from '../resolution/tenant-source.js';
import { requestOf } from './request-of.js';

const logger = new Logger('Tenancy');
const explained = new WeakSet<object>();

/**
 * Says at debug level why a request was refused: what each source made of it. The client is told the code alone.
 *
 * Where debug is off this costs a comparison, and the sources are not asked again.
 */
export function explainRefusal(error: unknown, context: ExecutionContext, resolver: TenantResolver | undefined): void {
  const who = () => `${context.getClass().name}.${context.getHandler().name}`;
  if (resolver) explainRefusedBy(who, error, () => requestOf(context), resolver);
}

/** The same for what no handler of Nest's has refused, such as a handshake. */
export function explainRefusedBy(
  who: () => string,
  error: unknown,
  requestOf: () => TenantRequest | undefined,
  resolver: TenantResolver,
): void {
  if (!isTenancyError(error) || error.getStatus() >= 500 || explained.has(error) || !isDebugging()) return;
  // One refusal may be thrown by many resolvers of one GraphQL operation.
  explained.add(error);
  const request = requestOf();
  if (request === undefined) return;
  outsideAnyTenant(() => resolver.explain(request)).then(
    (explanation) => logger.debug(`${who()} refused a request with ${error.code}: ${explanation}`),
    (cause: unknown) => logger.debug(`${who()} refused a request with ${error.code}, and why cannot be told: ${cause}`),
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
