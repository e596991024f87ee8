import { outsideAnyTenant } from '../context/enter.js';
import { sentHost } from '../resolution/host.js';
import { nodeRequest, type TenantRequest } from '../resolution/tenant-source.js';

/** The part of Node's answer that is used here. */
interface NodeResponse {
  writeHead(status: number, headers: Readonly<Record<string, string>>): unknown;
  end(): unknown;
}

/** The part of Fastify's that is used here. */
interface Reply {
  hijack?(): unknown;
}

/**
 * Sends the client of `request` on to `host`, with the same port, path and method. The scheme stays the client's own: which one it is, a
 * proxy that is not trusted does not say, and a guess could lead from https to http.
 */
export function redirectTo(host: string, request: TenantRequest, response: object): void {
  const headers = { location: `//${host}${portOf(request)}${pathOf(request)}`, 'cache-control': 'no-store' };
  outsideAnyTenant(() => {
    (response as Reply).hijack?.();
    const answer = nodeRequest(response) as NodeResponse;
    answer.writeHead(308, { ...headers, 'content-length': '0' });
    answer.end();
  });
}

/** The port of the host that counts. Where the adapter trusts its proxy, `host` is what that was asked for. */
function portOf(request: TenantRequest): string {
  const { host } = request as { readonly host?: unknown };
  const sent = request.headers['x-forwarded-host'] === undefined ? sentHost(request) : host;
  return /:\d{1,5}$/.exec(typeof sent === 'string' ? sent : '')?.[0] ?? '';
}

function pathOf(request: TenantRequest): string {
  const { originalUrl } = request as { readonly originalUrl?: unknown };
  const target = typeof originalUrl === 'string' ? originalUrl : (request.raw ?? request).url;
  if (target === undefined || target === '*') return '/';
  if (target.startsWith('/')) return target;
  const { pathname, search } = new URL(target);
  return `${pathname}${search}`;
}
