import { refuseUnknown } from '../errors/refuse-unknown.js';
import {
  type HandshakeOptions,
  handshakeOptionNames,
  type ResolvedHandshakeOptions,
  resolveHandshakeOptions,
} from '../handshake/handshake.options.js';

/** Options of `tenantSockets`. */
export interface TenantSocketOptions extends HandshakeOptions {}

/** @throws `tenancy_misconfigured`, naming the first option that is wrong and the fix. */
export function resolveSocketOptions(options: TenantSocketOptions): ResolvedHandshakeOptions {
  refuseUnknown('tenantSockets', options, handshakeOptionNames);
  return resolveHandshakeOptions('tenantSockets', options);
}
