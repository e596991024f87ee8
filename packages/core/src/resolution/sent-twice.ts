import { nodeRequest, type TenantRequest } from './tenant-source.js';

/**
 * True when the client sent a header more than once. Node keeps the first `Host` and `Authorization` and drops the rest,
 * while a proxy in front may have obeyed the last.
 */
export function wasSentTwice(request: TenantRequest, header: string): boolean {
  const raw = (request.raw ?? request).rawHeaders;
  if (raw === undefined) return false;
  let seen = false;
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i];
    if (name?.length !== header.length || name.toLowerCase() !== header) continue;
    if (seen) return true;
    seen = true;
  }
  return false;
}

/**
 * True when there are two credentials. Whoever read them took one, and a proxy in front may have obeyed the other. HTTP/2 does split
 * one `Cookie` into several.
 */
export function hasTwoCredentials(request: TenantRequest): boolean {
  if (wasSentTwice(request, 'authorization')) return true;
  const { httpVersionMajor } = nodeRequest(request) as { readonly httpVersionMajor?: number };
  return httpVersionMajor === 1 && wasSentTwice(request, 'cookie');
}
