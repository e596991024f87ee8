import { TenantMismatchError, TenantSourceFailedError } from '../errors/refusals.js';
import { parseHost } from '../host-name.js';
import { requestHost } from '../resolution/host.js';
import { within } from '../resolution/within.js';
import type { HandshakeRequest } from './handshake-request.js';

/** Pages of other hosts that may connect: `https://app.example.com`, or a function that decides. */
export type AllowedOrigins =
  | readonly string[]
  | ((origin: string, request: HandshakeRequest) => boolean | Promise<boolean>);

/**
 * Refuses a connection that a page of somebody else's host asks for: a browser sends the cookies of this host along with it, whoever has
 * made the page, and no CORS stands before a WebSocket.
 *
 * A page of the host that it connects to passes, on whatever port it is; so does a client that names no page, which is no browser.
 *
 * @param timeout - milliseconds that a function has to decide
 * @throws `tenant_mismatch`; `tenant_source_failed` for a function that does not decide.
 */
export async function requireOwnOrigin(
  request: HandshakeRequest,
  allowed: readonly AllowedOrigins[],
  timeout: number,
): Promise<void> {
  const { origin } = request.headers;
  if (origin === undefined) return;
  const page = URL.canParse(origin) ? parseHost(new URL(origin).host) : null;
  if (page && page === requestHost(request)) return;
  for (const each of allowed)
    if (await within(timeout, isAllowed(each, origin, request), () => silent(timeout))) return;
  throw new TenantMismatchError(
    `a page of ${printable(origin)} asked for a connection to another host. If that page is yours, name it: ` +
      '`origins` of what opened this connection takes a list such as ["https://app.example.com"], or a function.',
  );
}

const silent = (timeout: number) =>
  new TenantSourceFailedError(
    `a function that decides which pages may connect (\`origins\`, or \`cors.origin\` of a gateway) did not answer within ${timeout} ms. Have ` +
      'it answer for every page, or raise `sourceTimeout`.',
  );

/** True where one of {@link AllowedOrigins} lets a page connect. */
export async function isAllowed(allowed: AllowedOrigins, origin: string, request: HandshakeRequest): Promise<boolean> {
  // Whatever is not true, such as a promise of no, is no.
  if (typeof allowed === 'function') return (await allowed(origin, request)) === true;
  return allowed.some((named) => sameOrigin(named, origin));
}

function sameOrigin(named: string, origin: string): boolean {
  if (!URL.canParse(named) || !URL.canParse(origin)) return false;
  const own = new URL(named).origin;
  return own !== 'null' && own === new URL(origin).origin;
}

/** Of a client's own words, for a log. */
const printable = (text: string) => JSON.stringify(text.slice(0, 200));
