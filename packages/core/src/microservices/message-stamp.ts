import { randomUUID } from 'node:crypto';
import { makeStamp, readStampParts, type StampSecrets } from '../stamp/stamp.js';

/** Longest stamp that is looked at: an id of 255 bytes, and all that is signed. */
const LONGEST = 600;

/** A stamp that a message came with. */
export interface MessageStamp {
  readonly tenantId: string;
  /** Of a signed one: the second it was made in, and what tells it from all others. */
  readonly signed: { readonly seconds: number; readonly id: string } | null;
}

/**
 * The stamp of a message that is about to be sent. A message has no id that all transports have, so a signed stamp has one of its own:
 * `v1.<tenant id, base64url>.<seconds since 1970>.<signature>.<id>`.
 */
export function stampMessage(tenantId: string, place: string, secrets: StampSecrets): string {
  if (secrets.length === 0) return makeStamp(tenantId, { place, id: '' }, secrets);
  const id = randomUUID();
  return `${makeStamp(tenantId, { place, id }, secrets)}.${id}`;
}

/** The stamp that `text` is, or `null` where it is none, or is not signed for `place` with one of `secrets` where there are any. */
export function readMessageStamp(text: unknown, place: string, secrets: StampSecrets): MessageStamp | null {
  if (typeof text !== 'string' || text.length > LONGEST) return null;
  const parts = text.split('.');
  const id = parts.length === 5 ? (parts.pop() as string) : '';
  if (secrets.length > 0 && id === '') return null;
  const stamp = readStampParts(parts, { place, id }, secrets);
  return stamp && { tenantId: stamp.tenantId, signed: secrets.length > 0 ? { seconds: stamp.seconds, id } : null };
}
