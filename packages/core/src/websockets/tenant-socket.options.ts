import { TenancyConfigurationError } from '../errors/configuration-error.js';
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
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new TenancyConfigurationError(
      'tenantSockets',
      'is given options that are no object',
      `Pass for example \`{ origins: ['https://app.example.com'] }\`, or leave them out.`,
    );
  }
  refuseUnknown('tenantSockets', options, handshakeOptionNames);
  return resolveHandshakeOptions('tenantSockets', options);
}
