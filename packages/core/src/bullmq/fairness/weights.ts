import { TenancyConfigurationError } from '../../errors/configuration-error.js';
import type { Tenant } from '../../tenant.js';

/** `true`: every tenant alike. */
export type FairnessOption =
  | true
  | {
      /**
       * How many jobs a tenant has in each round, beside the others' own: a finite number above 0, and 1 is usual. Weights only count in relation
       * to each other; fractions are fine.
       */
      readonly weight: (tenant: Tenant) => number;
    };

/** The checked weight of each tenant. */
export function weightsOf(option: FairnessOption): (tenant: Tenant) => number {
  if (option === true) return () => 1;
  if (typeof option !== 'object' || option === null || typeof option.weight !== 'function')
    throw new TenancyConfigurationError(
      'fairness',
      'is neither `true` nor an object with a function `weight`',
      'Pass `true`, or `{ weight: (tenant) => … }`.',
    );
  return (tenant) => {
    const weight = option.weight(tenant);
    if (typeof weight === 'number' && weight > 0 && Number.isFinite(weight)) return weight;
    throw new TenancyConfigurationError(
      'fairness.weight',
      `gave a tenant ${typeof weight === 'number' ? `the weight ${weight}` : `a ${typeof weight}`}`,
      'Return a finite number above 0 for every tenant; 1 is usual.',
    );
  };
}
