/** One request on the way to an answer. */
export interface Hop {
  readonly url: URL;
  readonly method: string;
  readonly headers: Headers;
  /** As the caller gave it; `'once'` for what was in a Request, and can be sent a single time. */
  readonly body: unknown;
}

const REDIRECTS = [301, 302, 303, 307, 308];
const OF_A_BODY = ['content-encoding', 'content-language', 'content-location', 'content-type', 'content-length'];
const OF_AN_ORIGIN = ['authorization', 'proxy-authorization', 'cookie', 'host'];

/**
 * The request that a redirect asks for, or `null` where `response` is none: the steps of "HTTP-redirect fetch" in the Fetch standard.
 *
 * @throws TypeError, as `fetch` does, for a body that was sent already and cannot be sent again.
 */
export function afterRedirect(hop: Hop, response: Response): Hop | null {
  const location = response.headers.get('location');
  if (!REDIRECTS.includes(response.status) || location === null) return null;
  if (!URL.canParse(location, hop.url.href)) throw failed('it redirects to what is no address');
  const url = new URL(location, hop.url);
  // Its text would be in the error that `Request` throws.
  if (url.username !== '' || url.password !== '') throw failed('it redirects to an address with credentials');
  if (!/^https?:$/.test(url.protocol)) throw failed('it redirects to what is neither http nor https');
  if (url.hash === '') url.hash = hop.url.hash;
  const { status } = response;
  if (status !== 303 && hop.body !== null && isReadOnce(hop.body) && !becomesGet(hop, status)) {
    throw failed('it redirects a body that can be sent only once: give it as a text or a buffer in `init.body`');
  }
  const headers = new Headers(hop.headers);
  if (url.origin !== hop.url.origin) for (const name of OF_AN_ORIGIN) headers.delete(name);
  if (!becomesGet(hop, status)) return { ...hop, url, headers };
  for (const name of OF_A_BODY) headers.delete(name);
  return { url, method: 'GET', headers, body: null };
}

function becomesGet({ method }: Hop, status: number): boolean {
  if (status === 303) return method !== 'GET' && method !== 'HEAD';
  return (status === 301 || status === 302) && method === 'POST';
}

const isReadOnce = (body: unknown): boolean =>
  body === 'once' ||
  (typeof body === 'object' && body !== null && ('getReader' in body || Symbol.asyncIterator in body));

const failed = (why: string) => new TypeError('fetch failed', { cause: new Error(why) });
