import { setTimeout as sleep } from 'node:timers/promises';
import type { Transport, TransportAnswer, TransportCall } from './transport.js';

const TOO_MANY = 429;

/** Seconds that are worth waiting for a limit to be over. */
const SOON = 2;

/** Calls; once more where a limit says that it will not take long. */
export async function answered(transport: Transport, call: TransportCall): Promise<TransportAnswer> {
  const result = await transport.call(call);
  const seconds = Number(result.answer?.headers['retry-after'] ?? Number.NaN);
  if (result.answer?.status !== TOO_MANY || !(seconds <= SOON)) return result;
  await sleep(seconds * 1_000);
  return transport.call(call);
}
