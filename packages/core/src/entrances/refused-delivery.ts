import { of, throwError } from 'rxjs';
import { tenancyErrors } from '../errors/codes.js';
import type { TenancyError } from '../errors/tenancy-error.js';
import type { Received } from './message-admission.js';

/** Nest's numbers of the transports that are refused in a way of their own. */
export const GRPC = 4;
const RMQ = 5;
const KAFKA = 6;

const grpcStatus: Readonly<Record<number, number>> = { 401: 16, 403: 7, 503: 14 };

interface RabbitContext {
  getMessage(): object;
  getChannelRef(): { nack(message: object, allUpTo: boolean, requeue: boolean): void };
}

/** A gRPC call that a handler is given as it is. */
interface PassedCall {
  readonly metadata: unknown;
  emit(event: 'error', error: object): boolean;
}

const nacked = new WeakSet<object>();
const A_WHILE = 1_000;

/** M9: answers a request that was refused with its code; neither thrown nor rejected, which makes a caller wait for ever. */
export function refusedRequest({ transportId }: Received, { code }: TenancyError, args: readonly unknown[]): unknown {
  const error = { status: 'error', message: code };
  if (transportId !== GRPC) return throwError(() => error);
  const failure = { ...error, details: code, code: grpcStatus[tenancyErrors[code].status] ?? 13 };
  const [call, callback] = args as readonly [PassedCall, ((error: object) => void)?];
  if (args.length > 2 || typeof call?.emit !== 'function') return throwError(() => failure);
  // What is handed on as it is has no answer for Nest: one that fails there would end the process.
  if (callback) callback(failure);
  else call.emit('error', failure);
  return of(undefined);
}

/** The end of an event that was refused. kafkajs tries again what fails because the registry did not answer. */
export const refusedEvent = ({ transportId }: Received, refusal: TenancyError): unknown =>
  transportId === KAFKA && isLater(refusal) ? Promise.reject(refusal) : undefined;

const isLater = ({ code }: TenancyError): boolean => code === 'tenant_registry_unavailable';

/**
 * M8: leaves what was refused to the broker's dead letters: what is never acknowledged holds its place among those that a consumer may
 * have, for as long as it lives. An event comes again where the registry did not answer.
 */
export function leaveToBroker({ transportId, isEvent, args }: Received, refusal: TenancyError, noAck: unknown): void {
  if (transportId !== RMQ || noAck !== false) return;
  const context = args.at(-1) as RabbitContext;
  const message = context.getMessage();
  if (nacked.has(message)) return;
  nacked.add(message);
  const requeue = isEvent && isLater(refusal);
  const nack = () => {
    try {
      context.getChannelRef().nack(message, false, requeue);
    } catch {
      // The channel is gone, and the broker delivers it again.
    }
  };
  // At once it would come back at once.
  if (requeue) setTimeout(nack, A_WHILE).unref();
  else nack();
}
