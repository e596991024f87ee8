import { type Tenant, TenantContext } from '@tenancy/core';
import type { Clients } from './compared/compare.js';
import { json } from './compared/difference.js';
import type { FuzzedClient, KnownModels } from './fuzzed/fuzzed-client.js';
import { misuse } from './fuzzed/isolation-fuzz-error.js';

type Row = Readonly<Record<string, unknown>>;

/** Operations are made of so many rows of a model; more would make none of them likelier to leak. */
const ENOUGH = 20;

/**
 * For each tenant the rows it sees where it is alone, and those that the others see there.
 *
 * @throws `fuzz_misuse` when the client shows a tenant nothing: then equal answers would prove nothing.
 */
export async function readKnownRows(
  fuzzed: FuzzedClient,
  { alone }: Clients,
  tenants: readonly Tenant[],
): Promise<ReadonlyMap<string, KnownModels>> {
  const context = new TenantContext();
  const seen = new Map<string, ReadonlyMap<string, readonly Row[]>>();
  for (const tenant of tenants) {
    const rows = new Map<string, readonly Row[]>();
    for (const model of fuzzed.models) {
      rows.set(model, await context.run(tenant, () => readAll(fuzzed, alone.get(tenant.id) as object, model)));
    }
    if ([...rows.values()].every((all) => all.length === 0)) {
      throw misuse(
        `the client shows the tenant ${tenant.id} no row, though the database holds some. ` +
          'Check `tenantColumn`, and that the client is connected to the URL that `open` is given.',
      );
    }
    seen.set(tenant.id, rows);
  }
  const known = new Map<string, KnownModels>();
  for (const { id } of tenants) {
    const models = fuzzed.models.map((model) => {
      const own = seen.get(id)?.get(model) ?? [];
      const mine = new Set(own.map(text));
      const others = tenants.flatMap((other) => (other.id === id ? [] : (seen.get(other.id)?.get(model) ?? [])));
      const theirs = others.filter((row) => !mine.has(text(row)));
      return [model, { own: own.slice(0, ENOUGH), others: theirs.slice(0, ENOUGH) }] as const;
    });
    known.set(id, new Map(models));
  }
  return known;
}

async function readAll(fuzzed: FuzzedClient, client: object, model: string): Promise<readonly Row[]> {
  try {
    return await fuzzed.rowsOf(client, model);
  } catch (cause) {
    throw misuse(
      `the client cannot read ${model}: ${String((cause as Error)?.message)
        .trim()
        .slice(-300)}`,
      cause,
    );
  }
}

const text = (row: Row) => json(Object.values(row).map(String));
