import { TenancyConfigurationError } from '../errors/configuration-error.js';
import { refuseUnknown } from '../errors/refuse-unknown.js';
import { ATTRIBUTE, loggedTenant } from './logged-tenant.js';

/** Options of {@link tenantLabels}. */
export interface TenantLabelsOptions {
  /**
   * Tenants that have a label of their own: those that are seen first.
   * @defaultValue `100`
   */
  readonly max?: number | undefined;
}

const OTHER = 'other';

/**
 * A function that answers with the label of the current tenant for a metric: `{ 'tenant.id': 't_acme' }`. X2: each label is a series that is
 * kept for ever, so beyond `max` tenants all others have `other`. Without a tenant there is no label.
 *
 * @throws `tenancy_misconfigured`, naming the option that is wrong and the fix.
 * @example
 * ```ts
 * import { metrics } from '@opentelemetry/api';
 * import { tenantLabels } from '@tenancy/core/logging';
 *
 * const labels = tenantLabels({ max: 50 });
 * const invoices = metrics.getMeter('billing').createCounter('invoices');
 * const made = () => invoices.add(1, { ...labels(), currency: 'EUR' });
 * ```
 */
export function tenantLabels(options: TenantLabelsOptions = {}): () => Readonly<Record<string, string>> {
  refuseUnknown('tenantLabels', options, ['max']);
  const { max = 100 } = options;
  if (!Number.isSafeInteger(max) || max < 0) {
    throw new TenancyConfigurationError(
      'tenantLabels.max',
      'is no whole number from 0',
      'Correct it, or leave it out.',
    );
  }
  const known = new Set<string>();
  return () => {
    const id = loggedTenant();
    if (id === undefined) return {};
    if (!known.has(id) && known.size < max) known.add(id);
    return { [ATTRIBUTE]: known.has(id) ? id : OTHER };
  };
}
