import { requireFunction } from '../errors/require-function.js';
import { ATTRIBUTE, loggedTenant } from './logged-tenant.js';

/** The part of OpenTelemetry's baggage that is used here. */
interface Baggage {
  setEntry(key: string, entry: { readonly value: string }): Baggage;
  removeEntry(key: string): Baggage;
}

/** The part of `@opentelemetry/api` that {@link tenantBaggage} is given. */
export interface TenantBaggageApi<Context> {
  readonly context: { active(): Context; with<R>(context: Context, fn: () => R): R };
  readonly propagation: {
    getActiveBaggage(): Baggage | undefined;
    createBaggage(): Baggage;
    setBaggage(context: Context, baggage: Baggage): Context;
  };
}

/**
 * Runs `fn` with `tenant.id` in the baggage of OpenTelemetry. Baggage goes to whoever is called in `fn`, and is signed by nobody: it is for
 * traces, and tells no service the tenant. Without a tenant it takes one that came from outside off.
 *
 * @throws `tenancy_misconfigured` when `fn` is no function.
 * @example
 * ```ts
 * import * as otel from '@opentelemetry/api';
 * import { tenantBaggage } from '@tenancy/core/logging';
 *
 * const invoices = () => tenantBaggage(otel, () => fetch('https://billing.internal/invoices'));
 * ```
 */
export function tenantBaggage<Context, R>({ context, propagation }: TenantBaggageApi<Context>, fn: () => R): R {
  requireFunction('tenantBaggage', fn);
  const id = loggedTenant();
  const baggage = propagation.getActiveBaggage() ?? propagation.createBaggage();
  const told = id === undefined ? baggage.removeEntry(ATTRIBUTE) : baggage.setEntry(ATTRIBUTE, { value: id });
  return context.with(propagation.setBaggage(context.active(), told), fn);
}
