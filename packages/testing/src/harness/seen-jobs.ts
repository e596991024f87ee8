import { AsyncLocalStorage } from 'node:async_hooks';
import { TenantContext } from '@tenancy/core';
import type { Planted } from '../canaries/planted.js';
import { idOf, rowOfField } from '../discovery/planted-lookup.js';
import type { Observation } from './recorder.js';

/** A job as the application has added it, with its rows by their places, so that it can be made of others. */
export interface SeenJob {
  readonly name: string;
  /** Number of values that are rows' own. */
  readonly places: number;
  dataFor(rows: Planted): unknown;
}

interface Harness {
  readonly tenants: readonly { readonly id: string }[];
  planted(tenant: unknown): Planted;
}

const context = new TenantContext();
const proof = new AsyncLocalStorage<true>();

/** The job of each queue that names most rows, and of those the last, of all that the application has added as one of the tenants. */
export class SeenJobs {
  readonly #latest = new Map<string, SeenJob>();

  /** Does `work`, whose jobs are the proof's own. */
  unseen<R>(work: () => R): R {
    return proof.run(true, work);
  }

  saw({ exit, name: queue, payload }: Observation, harness: Harness): void {
    if (exit !== 'job' || !Array.isArray(payload) || !context.isActive() || proof.getStore()) return;
    const tenant = harness.tenants.find(({ id }) => id === context.tenantId);
    const [first, data] = payload as readonly unknown[];
    const job =
      typeof first === 'string' ? { name: first, data } : (first as { name?: unknown; data?: unknown } | null);
    if (!tenant || typeof job?.name !== 'string') return;
    const planted = plantedFor(harness, tenant);
    const made = planted && { name: job.name, ...templateOf(job.data, planted) };
    if (!made) return;
    if (made.places >= (this.#latest.get(queue)?.places ?? 0)) this.#latest.set(queue, made);
  }

  latest(queue: string): SeenJob | undefined {
    return this.#latest.get(queue);
  }
}

/** Null while the first rows are being planted, which may add jobs as well. */
function plantedFor(harness: Harness, tenant: unknown): Planted | null {
  try {
    return harness.planted(tenant);
  } catch {
    return null;
  }
}

/** `data` with other rows in the places of these. */
function templateOf(data: unknown, planted: Planted): Omit<SeenJob, 'name'> {
  const places = new Map(
    Object.entries(planted).flatMap(([name, rows]) =>
      [rows]
        .flat()
        .flatMap((row, n) =>
          Object.entries(row).flatMap(([column, value]) =>
            typeof value === 'string' || typeof value === 'number' ? [[value, { name, n, column }] as const] : [],
          ),
        ),
    ),
  );
  const found = new Set<unknown>();
  const json: unknown = JSON.parse(JSON.stringify(data ?? null));
  const made = (value: unknown, rows: Planted, field = ''): unknown => {
    if (Array.isArray(value)) return value.map((each) => made(each, rows, field));
    if (typeof value === 'object' && value !== null) {
      return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, made(each, rows, key)]));
    }
    const place = places.get(value as string);
    // A row that the application has made itself may be gone.
    const named = place ? undefined : idOf(rowOfField(rows, field, null));
    if (place || named !== undefined) found.add(value);
    return place ? ([rows[place.name]].flat()[place.n]?.[place.column] ?? value) : (named ?? value);
  };
  made(json, planted);
  return { places: found.size, dataFor: (rows) => made(json, rows) };
}
