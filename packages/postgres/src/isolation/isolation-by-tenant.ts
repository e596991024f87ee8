import type { Tenant } from '@tenancy/core';
import type { Isolation } from '../connections/isolation.js';
import { misconfigured } from '../errors/misconfigured.js';
import { TenantFloorError } from '../errors/tenant-floor-error.js';

/**
 * One strategy for most tenants and others for some: a large customer has a database of its own, the rest share one.
 *
 * `choose` is asked for each connection. It answers with a strategy that was made beforehand, not with a new one each time,
 * or with `undefined` for the usual one. All of them must carry the tenant in the same setting.
 *
 * Placing a tenant throws `tenant_unplaceable` when `choose` throws or its answer is no strategy, and after `end()`;
 * `floor_misconfigured` when the chosen strategy has another setting, or is `schemaPerTenant` where the usual one is not.
 *
 * @throws `floor_misconfigured` when an argument is missing or wrong.
 *
 * @example
 * ```ts
 * import { databasePerTenant, isolationByTenant, rowLevelSecurity } from '@tenancy/postgres';
 *
 * const dedicated = databasePerTenant({ connection: (tenant) => `postgres://app@db.internal/tenant_${tenant.slug}` });
 * const large = new Set(['t_acme']);
 * const isolation = isolationByTenant(rowLevelSecurity(), (tenant) => (large.has(tenant.id) ? dedicated : undefined));
 * ```
 */
export function isolationByTenant(byDefault: Isolation, choose: (tenant: Tenant) => Isolation | undefined): Isolation {
  if (!isIsolation(byDefault))
    throw misconfigured('isolationByTenant: its first argument is no strategy. Pass `rowLevelSecurity()`, or another.');
  if (typeof choose !== 'function')
    throw misconfigured('isolationByTenant: its second argument is not a function. Pass one that chooses.');
  const { setting } = byDefault;
  const used = new Set<Isolation>();
  let ended: Promise<void> | undefined;
  return {
    // Whoever asks wants to know how SQL finds its tables.
    strategy: byDefault.strategy === 'schema-per-tenant' ? 'schema-per-tenant' : 'by-tenant',
    setting,
    get waitingCount() {
      return [...used].reduce((sum, { waitingCount = 0 }) => sum + waitingCount, 0);
    },
    place: (tenant) => {
      // A strategy that opened something now would never be closed.
      if (ended) throw unplaceable('`end()` was called. Ask for no connection after that.');
      const chosen = chosenBy(choose, tenant) ?? byDefault;
      if (chosen.setting !== setting) {
        throw misconfigured(
          `isolationByTenant: the strategy chosen for a tenant carries its id in the setting ${JSON.stringify(chosen.setting)}, and the usual ` +
            `one in ${JSON.stringify(setting)}. Give all of them the same \`setting\`.`,
        );
      }
      if (chosen.strategy === 'schema-per-tenant' && byDefault.strategy !== 'schema-per-tenant') {
        // What sits on the pool was told where its tables are, and must be able to rely on it.
        throw misconfigured(
          'isolationByTenant: a tenant was given a schema of its own beside others without one. Give it a database of its own, or make ' +
            '`schemaPerTenant()` the usual strategy.',
        );
      }
      used.add(chosen);
      return chosen.place(tenant);
    },
    // Which others there are is known when they are chosen.
    ...(byDefault.verify && { verify: (connection) => byDefault.verify?.(connection) ?? Promise.resolve([]) }),
    end: () => (ended ??= endAll(used)),
  };
}

function chosenBy(choose: (tenant: Tenant) => Isolation | undefined, tenant: Tenant): Isolation | undefined {
  let chosen: unknown;
  try {
    chosen = choose(tenant);
  } catch (cause) {
    throw unplaceable('`choose` threw for this tenant; see the cause.', cause);
  }
  if (chosen === undefined || isIsolation(chosen)) return chosen;
  throw unplaceable(
    '`choose` answered with something that is no strategy. Answer at once, with a strategy or `undefined`.',
  );
}

async function endAll(used: ReadonlySet<Isolation>): Promise<void> {
  // Each in a promise of its own, so that one that throws does not keep the others from being ended.
  const endings = await Promise.allSettled([...used].map(async (isolation) => isolation.end?.()));
  const failures = endings.flatMap((ending) => (ending.status === 'rejected' ? [ending.reason as unknown] : []));
  if (failures.length > 1)
    throw new AggregateError(failures, 'isolationByTenant: several strategies could not be ended.');
  if (failures.length === 1) throw failures[0];
}

function isIsolation(value: unknown): value is Isolation {
  return typeof (value as Isolation | null | undefined)?.place === 'function';
}

function unplaceable(explanation: string, cause?: unknown): TenantFloorError {
  const options = cause === undefined ? undefined : { cause };
  return new TenantFloorError('tenant_unplaceable', `isolationByTenant: ${explanation}`, options);
}
