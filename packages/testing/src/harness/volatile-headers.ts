/** Headers that are another in each answer, whoever asks and whatever for; limits count an address's calls. */
export function isVolatileHeader(name: string): boolean {
  return VOLATILE.test(name.toLowerCase());
}

const VOLATILE =
  /^(date|age|connection|keep-alive|content-length|etag|server-timing|x-(request|correlation|trace)-id|x-response-time|(x-)?ratelimit.*|x-rate-limit.*|retry-after.*)$/;
