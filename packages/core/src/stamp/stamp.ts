import { timingSafeEqual } from 'node:crypto';
import { RecentlyUsed } from '../recently-used.js';
import { isUsableTenantId } from '../tenant-id.js';
import { HmacSha256 } from './hmac.js';

/** The name of a stamp in whatever a transport has for metadata. */
export const STAMP = 'tenancy';

/** Message that a signature holds a stamp to, so that it is worth nothing anywhere else. */
export interface StampedAt {
  /** The kind and the name of the place: `bullmq:mails`. */
  readonly place: string;
  /** Mark that tells this message from all others of the place: the id of a job. */
  readonly id: string;
}

/** Keys for signing: the first one signs, each of them is accepted. Empty: stamps are not signed. */
export type StampSecrets = readonly (string | Buffer)[];

/**
 * The form in which a tenant travels outside the process: `v1.<tenant id, base64url>`, and with a secret
 * `v1.<tenant id, base64url>.<seconds since 1970>.<signature>`.
 *
 * The signature is the HMAC-SHA256, base64url, of `v1.<tenant id>.<place>.<id>.<seconds>` with the first three in base64url.
 */
export function makeStamp(tenantId: string, at: StampedAt, secrets: StampSecrets): string {
  const named = `v1.${encodeAgain(tenantId)}`;
  if (secrets.length === 0) return named;
  const [key] = keysOf(secrets) as [HmacSha256];
  const seconds = `${Math.floor(Date.now() / 1000)}`;
  return `${named}.${seconds}.${key.of(signedText(named, at, seconds))}`;
}

/** A stamp that was read; where it need not be signed, it has no more than its tenant. */
export interface ReadStamp {
  readonly tenantId: string;
  /** The second, since 1970, in which it was made. */
  readonly seconds: number;
}

/** The tenant id of a stamp, or `null` where it is none, or is not signed for `at` with one of `secrets` where there are any. */
export function readStamp(stamp: unknown, at: StampedAt, secrets: StampSecrets): string | null {
  return typeof stamp === 'string' ? (readStampParts(stamp.split('.'), at, secrets)?.tenantId ?? null) : null;
}

/** The same of what stands between the dots of a stamp. */
export function readStampParts(parts: readonly string[], at: StampedAt, secrets: StampSecrets): ReadStamp | null {
  const [version, encoded = '', seconds = '', signature = ''] = parts;
  if (version !== 'v1' || (parts.length !== 2 && parts.length !== 4)) return null;
  const tenantId = decodeAgain(encoded);
  if (tenantId === null) return null;
  const read = { tenantId, seconds: Number(seconds) };
  if (secrets.length === 0) return read;
  if (parts.length !== 4 || !/^[1-9]\d*$/.test(seconds)) return null;
  const text = signedText(`v1.${encoded}`, at, seconds);
  return keysOf(secrets).some((key) => isSame(signature, key.of(text))) ? read : null;
}

/** Compares two signatures in the same time, wherever they differ. */
function isSame(given: string, expected: string): boolean {
  const [one, other] = [Buffer.from(given), Buffer.from(expected)];
  return one.length === other.length && timingSafeEqual(one, other);
}

/** By the list of secrets, which an application makes once. */
const keys = new WeakMap<StampSecrets, readonly HmacSha256[]>();

function keysOf(secrets: StampSecrets): readonly HmacSha256[] {
  let known = keys.get(secrets);
  if (!known) keys.set(secrets, (known = secrets.map((secret) => new HmacSha256(secret))));
  return known;
}

const signedText = (named: string, { place, id }: StampedAt, seconds: string): string =>
  `${named}.${encodeAgain(place)}.${encode(id)}.${seconds}`;

const encode = (text: string): string => Buffer.from(text).toString('base64url');

/** Tenants and places come again and again, and ids of messages never do. */
const AGAIN = 1_000;
const encodings = new RecentlyUsed<string>(AGAIN);
const decodings = new RecentlyUsed<string>(AGAIN);

function encodeAgain(text: string): string {
  const known = encodings.get(text);
  if (known !== undefined) return known;
  const encoded = encode(text);
  encodings.set(text, encoded);
  return encoded;
}

function decodeAgain(encoded: string): string | null {
  const known = decodings.get(encoded);
  if (known !== undefined) return known;
  const tenantId = Buffer.from(encoded, 'base64url').toString();
  // What decodes leniently is another way to write the same tenant.
  if (!isUsableTenantId(tenantId) || encode(tenantId) !== encoded) return null;
  decodings.set(encoded, tenantId);
  return tenantId;
}
