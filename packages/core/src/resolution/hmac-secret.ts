/** RFC 7518, section 3.2: a key of at least the size of the hash. A shorter one can be guessed from a single token. */
const BYTES = { HS256: 32, HS384: 48, HS512: 64 } as const;

/** The name of an HMAC. */
export type Hmac = keyof typeof BYTES;

/** `secret`, when it is one that `hmac` can be trusted with; throws what `wrong` makes of the problem and the fix otherwise. */
export function strongSecret(
  secret: string | Buffer | undefined,
  hmac: Hmac,
  wrong: (problem: string, fix: string) => Error,
): string | Buffer {
  if (secret !== undefined && typeof secret !== 'string' && !(secret instanceof Uint8Array)) {
    throw wrong('is neither a text nor a Buffer', 'Pass the key itself.');
  }
  if (!secret || secret.length === 0) throw wrong('is empty', 'Set the environment variable it comes from.');
  const bytes = Buffer.byteLength(secret);
  if (bytes < BYTES[hmac]) {
    throw wrong(
      `has ${bytes} bytes, and ${hmac} needs ${BYTES[hmac]} (RFC 7518, section 3.2)`,
      `Make one: \`openssl rand -base64 ${BYTES[hmac]}\`.`,
    );
  }
  return secret;
}
