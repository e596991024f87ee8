/** True for a signed JSON Web Token: other letters in it are no token for somebody else, but none at all. */
export function isSigned(value: unknown): boolean {
  const [head, payload, signature] = typeof value === 'string' ? value.split('.') : [];
  if (!head || !payload || !signature) return false;
  try {
    const { alg } = JSON.parse(Buffer.from(head, 'base64url').toString()) as { readonly alg?: unknown };
    return typeof alg === 'string' && alg !== 'none';
  } catch {
    return false;
  }
}
