import type { TenantRequest } from './tenant-source.js';

/**
 * Whether the client sent a header more than once. Node keeps the first `Host` and `Authorization` and drops the rest,
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
