import { STAMP } from '../stamp/stamp.js';
import { givenId, givenKey, givenText } from './own-ids.js';
import type { Raw } from './raw.js';
import { wallOf } from './wall.js';

/** The names under which a deduplication is stored: BullMQ 5 shortens them. */
const DEDUPLICATIONS = ['deduplication', 'de', 'debounce'];

/**
 * Options of a job as they were given: without the stamp, with their own ids (Q18), and without the id and the place that were made for
 * it: whoever adds a job with the options of another one would add that one once more.
 */
export function givenOptions(opts: Raw | undefined, tenantId: string | null): Raw | undefined {
  if (typeof opts !== 'object' || opts === null) return opts;
  const { [STAMP]: stamp, tenancyTurn: turn, ...seen } = opts;
  if (turn !== undefined) delete seen['priority'];
  for (const id of ['jobId', 'repeatJobKey']) if (id in seen) seen[id] = givenId(tenantId, seen[id] as unknown);
  // One that was given has its tenant's prefix.
  if (stamp !== undefined && tenantId !== null && seen['jobId'] === opts['jobId']) delete seen['jobId'];
  for (const named of [...DEDUPLICATIONS, 'parent']) {
    const value = seen[named] as { readonly id?: unknown } | undefined;
    if (value) seen[named] = { ...value, id: givenId(tenantId, value.id) };
  }
  return seen;
}

/** A field of a job as the application sees it. */
export function seenField(raw: Raw, field: string, tenantId: string | null): unknown {
  const value: unknown = raw[field];
  switch (field) {
    case 'id':
    case 'deduplicationId':
    case 'debounceId':
    case 'repeatJobKey':
    case 'nextRepeatableJobId':
      return givenId(tenantId, value);
    case 'parentKey':
      return givenKey(tenantId, value);
    // BullMQ writes the key of a child that failed.
    case 'failedReason':
      return givenText(tenantId, value);
    case 'parent': {
      const parent = value as { readonly id?: unknown } | undefined;
      return parent && { ...parent, id: givenId(tenantId, parent.id) };
    }
    case 'opts':
      return givenOptions(value as Raw, tenantId);
    case 'queue':
      return wallOf(value as object);
    default:
      return value;
  }
}

/** An error of BullMQ's, whose message names stored ids. */
export function seenError(error: unknown, tenantId: string | null): unknown {
  if (error instanceof Error) error.message = givenText(tenantId, error.message);
  return error;
}

const SEEN_IN_JSON = [
  'id',
  'deduplicationId',
  'debounceId',
  'deid',
  'repeatJobKey',
  'rjk',
  'nrjid',
  'nextRepeatableJobId',
];

/** The JSON of a job, in whichever of BullMQ's forms. */
export function seenJson(json: Raw, tenantId: string | null): Raw {
  const seen: Raw = { ...json, opts: givenOptions(json['opts'] as Raw, tenantId) };
  for (const field of SEEN_IN_JSON) if (field in seen) seen[field] = givenId(tenantId, seen[field] as unknown);
  for (const field of ['parent', 'parentKey', 'failedReason'])
    if (field in seen) seen[field] = seenField(json, field, tenantId);
  return seen;
}

export const givenJson = (raw: Raw, tenantId: string | null): Raw => seenJson(raw['toJSON']() as Raw, tenantId);

/** Values by the keys of the jobs that they are of: `{ 'bull:mails:42': … }`. */
export function byGivenKeys<V>(values: Readonly<Record<string, V>> | undefined, tenantId: string | null) {
  return (
    values &&
    Object.fromEntries(Object.entries(values).map(([key, value]) => [givenKey(tenantId, key), value] as const))
  );
}
