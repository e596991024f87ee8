import { randomUUID } from 'node:crypto';
import { STAMP } from '../stamp/stamp.js';
import type { Tenant } from '../tenant.js';
import type { Turn } from './fairness/fairness.js';
import { storedIdIn } from './find-job.js';
import { stampFor } from './job-stamp.js';
import { checkGivenId, ownId } from './own-ids.js';
import type { Raw } from './raw.js';
import { forgedOption } from './refused.js';
import { type Producing, turnsOf } from './turns.js';
import type { Wiring } from './wiring.js';

/** The options of a job, of BullMQ 5 or 6. */
export type JobOptions = Raw;

/** Options by which a job would belong to another tenant, or make another's scheduler run (Q2). */
const FORGED = Object.entries({
  [STAMP]: 'It is the stamp of the tenant, which is made from the context. Leave it out.',
  tenancyTurn: 'It is made by `fairness`. Leave it out.',
  repeat: 'Use `queue.upsertJobScheduler(id, repeat, template)`.',
  repeatJobKey: 'Use `queue.upsertJobScheduler(id, repeat, template)`.',
});

/** @throws `tenant_switch_refused` for the first of them that is given, but those that are `allowed`. */
export function refuseForged(given: JobOptions | undefined, allowed: readonly string[] = []): void {
  for (const [option, fix] of FORGED) {
    if (given?.[option] !== undefined && !allowed.includes(option)) throw forgedOption(option, fix);
  }
}

const within = <T extends { readonly id?: unknown }>(named: T | undefined, tenant: Tenant): T | undefined =>
  typeof named?.id === 'string' && named.id !== '' ? { ...named, id: ownId(tenant.id, named.id) } : named;

/** Options with ids that are the tenant's own (Q5). BullMQ merges `defaults` once more, so what is not meant to be is `undefined`. */
function ownIds(
  { tenant }: Producing,
  given: JobOptions | undefined,
  defaults: JobOptions | undefined,
  { turn, parent }: Asked,
): JobOptions {
  const own = { ...given };
  refuseForged(own);
  const all: JobOptions = { ...defaults, ...own };
  for (const option of ['repeat', 'repeatJobKey']) if (all[option] !== undefined) all[option] = undefined;
  // `debounce` is the older name of BullMQ 5; BullMQ 6 refuses the very property.
  for (const option of ['deduplication', 'debounce']) {
    if (all[option] !== undefined) all[option] = within(all[option] as { readonly id?: unknown }, tenant);
  }
  if (all['parent'] !== undefined) all['parent'] = parent;
  return Object.assign(all, turn);
}

/** The answers that a job needs before it can be made. */
export interface Asked {
  readonly turn?: Turn | undefined;
  readonly parent?: Parent | undefined;
}

/** The options of a job as it is stored. */
export function jobOptions(
  at: Producing,
  given: JobOptions | undefined,
  defaults: JobOptions | undefined,
  asked: Asked = {},
): JobOptions {
  const { tenant, wiring, queueName } = at;
  const all = ownIds(at, given, defaults, asked);
  all['jobId'] = storedId(given?.['jobId'], tenant, wiring);
  all[STAMP] = stampFor(tenant.id, queueName, { id: all['jobId'], opts: all }, wiring.secrets);
  return all;
}

/**
 * Asks for what some jobs need, in their order; `null` where they need nothing. Then they are made at once: BullMQ
 * has read the data of a job when `add` returns, and a caller may change it.
 */
export function askFor(
  at: Producing,
  jobs: readonly (JobOptions | undefined)[],
  defaults: JobOptions | undefined,
  later = false,
): Promise<readonly Asked[]> | null {
  if (!at.wiring.fairness && !jobs.some((opts) => opts?.['parent'])) return null;
  const parents = jobs.map((opts) => opts?.['parent'] as Parent | undefined);
  const all = jobs.map((opts) => ({ ...defaults, ...opts }));
  const asking = turnsOf(at, all, later);
  if (!asking && !parents.some(Boolean)) return null;
  return (async () => {
    const turns = await asking;
    return await Promise.all(
      parents.map(async (parent, index) => ({
        turn: turns?.[index],
        parent: parent && (await ownParent(at, parent)),
      })),
    );
  })();
}

/** The options of a scheduler's template: BullMQ itself names its runs. */
export function templateOptions(
  at: Producing,
  scheduler: string,
  given: JobOptions | undefined,
  defaults: JobOptions | undefined,
  asked: Asked = {},
): JobOptions {
  const all = ownIds(at, given, defaults, asked);
  all[STAMP] = stampFor(at.tenant.id, at.queueName, { scheduler, opts: all }, at.wiring.secrets);
  return all;
}

function storedId(given: unknown, tenant: Tenant, { secrets }: Wiring): string | undefined {
  if (typeof given === 'string' && given !== '') {
    checkGivenId(given);
    return ownId(tenant.id, given);
  }
  if (given !== undefined && given !== null && given !== '') throw new TypeError('A custom id of a job is a string.');
  // Q11: a signature holds to the id, so there must be one before BullMQ has made it.
  return secrets.length > 0 ? randomUUID() : undefined;
}

/** BullMQ's own number for it. */
const MISSING_PARENT = -5;

export interface Parent {
  readonly id: string;
  readonly queue: string;
}

async function ownParent({ client, tenant, wiring }: Producing, parent: Parent): Promise<Parent> {
  const id = await storedIdIn(client, parent.queue, tenant, parent.id, wiring);
  // As BullMQ says it; its `addBulk` says nothing, and adds nothing.
  if (id === undefined) {
    const message = `Missing key for parent job ${parent.queue}:${parent.id}. addJob`;
    throw Object.assign(new Error(message), { code: MISSING_PARENT });
  }
  return { ...parent, id };
}
