import { TenantsError } from '../tenants-error.js';

/** A schema or database that is there already is never taken for a new tenant's (O12). */
export function nameTaken(kind: 'schema' | 'database', name: string): TenantsError {
  return new TenantsError(
    'place_unusable',
    `there is a ${kind} ${JSON.stringify(name)} already, which was not made for this tenant. Nothing was done. ` +
      `Remove it, or let the option \`${kind}\` of tenantPlaces answer with another name.`,
  );
}
