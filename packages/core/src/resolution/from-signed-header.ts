import { TenancyConfigurationError } from '../errors/configuration-error.js';
import { refuseUnknown } from '../errors/refuse-unknown.js';
import { strongSecret } from './hmac-secret.js';
import { readTenantHeader, SIGNED_HEADER } from './signed-header.js';
import { NO_TENANT, type TenantSource } from './tenant-source.js';

/** Options of {@link fromSignedHeader}. */
export interface SignedHeaderOptions {
  /** The secret that the calling services share with this one, of at least 32 bytes. */
  readonly secret: string | Buffer | undefined;
  /**
   * The name of the header that carries tenant, time and signature.
   * @defaultValue `'x-signed-tenant'`
   */
  readonly header?: string | undefined;
  /**
   * Seconds that the sender's clock may differ from ours, in either direction, network time included.
   * @defaultValue `60`
   */
  readonly tolerance?: number | undefined;
}

/**
 * The tenant that another service names, in a header signed with `signTenantHeader`.
 *
 * A header that is present and not valid never agrees with another source. It can be sent again within the tolerance:
 * it says which tenant a service works for, and does not authorise a single request.
 *
 * @throws `tenancy_misconfigured` without a secret of 32 bytes.
 */
export function fromSignedHeader(options: SignedHeaderOptions): TenantSource {
  refuseUnknown('fromSignedHeader', options, ['secret', 'header', 'tolerance']);
  const secret = strongSecret(
    options?.secret,
    'HS256',
    (problem, fix) => new TenancyConfigurationError('fromSignedHeader.secret', problem, fix),
  );
  const { tolerance = 60 } = options;
  if (!Number.isFinite(tolerance) || tolerance <= 0) {
    throw new TenancyConfigurationError('fromSignedHeader.tolerance', 'is not a time', 'Pass seconds above 0.');
  }
  const header = (options.header ?? SIGNED_HEADER).toLowerCase();
  if (!/^[a-z0-9-]+$/.test(header)) {
    throw new TenancyConfigurationError('fromSignedHeader.header', 'is not a header name', 'Use letters and dashes.');
  }
  return {
    name: 'signed-header',
    varies: [header],
    identify({ headers }) {
      const value = headers[header];
      if (value === undefined) return null;
      const id = typeof value === 'string' ? readTenantHeader(value, secret, tolerance) : null;
      return id === null ? NO_TENANT : { id };
    },
    explain: ({ headers }) =>
      headers[header] === undefined
        ? `no header ${header}`
        : `the header ${header} is malformed, signed with another secret, or older than ${tolerance} s`,
  };
}
