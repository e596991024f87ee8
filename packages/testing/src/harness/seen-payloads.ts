import { AsyncLocalStorage } from 'node:async_hooks';
import { TenantContext } from '@tenancy/core';
import type { Planted } from '../canaries/planted.js';
import { idOf, rowOfField } from '../discovery/planted-lookup.js';
import type { Observation } from './recorder.js';

/** A job, a message or an event as the application has sent it, with its rows by their places, so that it can be made of others. */
export interface SeenPayload {
  /** The job's own; of the others, the pattern or the event. */
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

/** Ways out that lead back in. */
export type WayBack = 'job' | 'message' | 'event';

/**
 * The payload that names most rows, and of those the last, of all that the application has sent to a queue, a pattern or an event as one of
 * the tenants.
 */
export class SeenPayloads {
  readonly #latest = new Map<string, SeenPayload>();

  /** Does `work`, whose payloads are the proof's own. */
  unseen<R>(work: () => R): R {
    return proof.run(true, work);
  }

  saw(observation: Observation, harness: Harness): void {
    const sent = sentBy(observation);
    if (!sent || !context.isActive() || proof.getStore()) return;
    const tenant = harness.tenants.find(({ id }) => id === context.tenantId);
    const planted = tenant && plantedFor(harness, tenant);
    if (!planted) return;
    const made = { name: sent.name, ...templateOf(sent.data, planted) };
    const place = `${observation.exit} ${observation.name}`;
    if (made.places >= (this.#latest.get(place)?.places ?? 0)) this.#latest.set(place, made);
  }

  latest(way: WayBack, name: string): SeenPayload | undefined {
    return this.#latest.get(`${way} ${name}`);
  }
}

function sentBy({ exit, name, payload }: Observation): { readonly name: string; readonly data: unknown } | null {
  if (exit === 'message' || exit === 'event') return { name, data: payload };
  if (exit !== 'job' || !Array.isArray(payload)) return null;
  const [first, data] = payload as readonly unknown[];
  const job = typeof first === 'string' ? { name: first, data } : (first as { name?: unknown; data?: unknown } | null);
  return typeof job?.name === 'string' ? { name: job.name, data: job.data } : null;
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
function templateOf(data: unknown, planted: Planted): Omit<SeenPayload, 'name'> {
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
