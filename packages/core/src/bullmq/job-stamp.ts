import { makeStamp, readStamp, STAMP, type StampSecrets } from '../stamp/stamp.js';
import type { Raw } from './raw.js';

/** All that tells a job from the others of its queue. */
interface Signed {
  readonly id?: unknown;
  /** The scheduler that makes it, again and again. */
  readonly scheduler?: unknown;
  readonly opts: Raw;
}

/** Ids of three kinds never meet: BullMQ refuses a job's id with one `:`, and schedulers' runs have a second. */
function signedIds({ id, scheduler, opts }: Signed): string[] {
  // Q7: one template makes all runs, so the stamp holds to the scheduler; what runs has an id that begins with its name.
  if (typeof scheduler === 'string') return [`scheduler:${scheduler}`];
  const { deduplication } = opts as {
    readonly deduplication?: { readonly id?: unknown; readonly keepLastIfActive?: unknown };
  };
  // BullMQ makes the job anew, with an id of its own, when the one that is active has finished.
  const latest = deduplication?.keepLastIfActive ? [`latest:${String(deduplication.id)}`] : [];
  return [...latest, ...(typeof id === 'string' ? [id] : [])];
}

const placeOf = (queueName: string): string => `bullmq:${queueName}`;

/** The stamp of a job that is about to be made, with the options that it is made with. */
export function stampFor(tenantId: string, queueName: string, signed: Signed, secrets: StampSecrets): string {
  const [id = ''] = secrets.length > 0 ? signedIds(signed) : [];
  return makeStamp(tenantId, { place: placeOf(queueName), id }, secrets);
}

/** The id of the tenant that a job was made by, or `null` where nothing says so that can be believed. */
export function stampedTenant(queueName: string, job: Raw, secrets: StampSecrets): string | null {
  const opts = (job['opts'] ?? {}) as Raw;
  // It holds to no id.
  if (secrets.length === 0) return readStamp(opts[STAMP], { place: '', id: '' }, secrets);
  const signed = { id: job['id'], scheduler: job['repeatJobKey'], opts };
  for (const id of signedIds(signed)) {
    const tenantId = readStamp(opts[STAMP], { place: placeOf(queueName), id }, secrets);
    if (tenantId !== null) return tenantId;
  }
  return null;
}
