import { requestHost } from './host.js';
import { NO_TENANT, type TenantSource } from './tenant-source.js';

/**
 * The tenant from a domain of its own: `careers.acme.com` is looked up with `registry.findByDomain`.
 *
 * A host that the registry does not know says nothing, because every other host of the application is one too.
 */
export function fromCustomDomain(): TenantSource {
  return {
    name: 'custom-domain',
    requires: ['findByDomain'],
    identify(request) {
      const domain = requestHost(request);
      if (domain === null) return NO_TENANT;
      return domain === '' ? null : { domain };
    },
    explain: (request) =>
      requestHost(request) === null
        ? 'the host is malformed, or was sent twice'
        : 'the request was sent to no host name',
  };
}
