/** The names under which clients send a token with `connection_init`, which browsers cannot send as a header. */
const NAMES = ['authorization', 'Authorization', 'token'] as const;

/** The different tokens in what a client sent with `connection_init`, in `headers` as well. None of the other things in there counts. */
export function tokensOf(params: unknown): string[] {
  const { headers, ...own } = objectOf(params);
  const tokens = new Set<string>();
  for (const sent of [own, objectOf(headers)]) {
    for (const name of NAMES) {
      const value = Object.hasOwn(sent, name) ? sent[name] : undefined;
      if (typeof value === 'string' && value !== '') tokens.add(value.replace(/^bearer +/i, ''));
    }
  }
  return [...tokens];
}

const objectOf = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
