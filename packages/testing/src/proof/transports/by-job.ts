import { randomBytes } from 'node:crypto';
import type { Tenant } from '@tenancy/core';
import { outsideAnyTenant } from '@tenancy/core/adapter';
import { textsOf } from '../../canaries/canary-registry.js';
import type { Planted } from '../../canaries/planted.js';
import type { Entrance } from '../../discovery/entrance.js';
import { queueNameOf } from '../../discovery/later-handlers.js';
import type { IsolationHarness } from '../../harness/isolation-harness.js';
import type { HttpRequest } from '../../http-request.js';
import type { RequestExample } from '../target/example.js';
import type { NoTransport, Transport, TransportAnswer, TransportCall } from '../target/transport.js';
import { exampleFor } from './example-for.js';
import { invented } from './invented.js';
import { whileSuspended } from './suspended.js';
import { type JobOutcome, type NewJob, type TenantQueue, tenantQueue } from './tenant-queue.js';

const UNSTAMPED = 'In a job without a stamp';
const UNKNOWN = 'In a job with the stamp of a tenant that nobody knows';
const STOLEN = "In a job with the stamp of another job, of the other's";
const SUSPENDED = 'In a job of a tenant that has been suspended since';

/**
 * A job for a processor of a queue of `TenantBullModule`: as the example says, or as the application has added one before. Null for
 * any other entrance.
 */
export function jobTransport(
  harness: IsolationHarness,
  { id, handler }: Entrance,
  example: RequestExample | undefined,
): Transport | NoTransport | null {
  const name = queueNameOf(harness.app, handler);
  const queue = name === null ? null : tenantQueue(harness.app, name);
  if (!queue) return null;
  const given = (rows: Planted, tenant: Tenant, canary: (name: string) => string) =>
    exampleFor(example, rows, tenant, canary);
  const [first] = harness.tenants as readonly [Tenant];
  const firstGiven = given(harness.planted(first), first, () => 'invented');
  if (!harness.payloads.latest('job', queue.name) && firstGiven.body === undefined) {
    return {
      unknown:
        `nothing has added a job to the queue ${queue.name} yet, so none is known. ` +
        `Give an example: { '${id}': (rows) => ({ path: { name: '…' }, body: { … } }) }.`,
    };
  }
  const requestFor = (rows: Planted, tenant: Tenant, canary = (what: string) => `invented ${what}`): HttpRequest => {
    const { path, body } = given(rows, tenant, canary);
    const seen = harness.payloads.latest('job', queue.name);
    const named = String(path?.['name'] ?? seen?.name ?? 'job');
    return { method: 'JOB', path: `/${queue.name}/${named}`, body: body === undefined ? seen?.dataFor(rows) : body };
  };
  return {
    lateness: 0,
    answersNothing: firstGiven.answersNothing,
    forgeries: [UNSTAMPED, UNKNOWN, STOLEN, SUSPENDED],
    requestFor: (rows, tenant) => requestFor(rows, tenant),
    call: async ({ tenant, rows, change = (request) => request, forgery }: TransportCall) => {
      const whose = tenant ?? first;
      const request = change(requestFor(rows, whose, (what) => invented(harness, whose, what)));
      const job = { name: request.path.split('/').at(-1) ?? 'job', data: request.body };
      const other = harness.tenants.find((each) => each !== whose) ?? whose;
      const outcome = await outsideAnyTenant(() =>
        harness.payloads.unseen(() => run(harness, queue, { tenant, other, job, forgery })),
      );
      return answerOf(outcome, request);
    },
  };
}

interface Made {
  readonly tenant: Tenant | null;
  readonly other: Tenant;
  readonly job: { readonly name: string; readonly data: unknown };
  readonly forgery: string | undefined;
}

async function run(
  { app, timeout }: IsolationHarness,
  queue: TenantQueue,
  { tenant, other, job: { name, data }, forgery }: Made,
): Promise<JobOutcome> {
  const job = (stamp?: string): NewJob => [name, data, { ...ONCE, ...(stamp !== undefined && { tenancy: stamp }) }];
  switch (forgery) {
    case undefined:
      return queue.outcome(job(), tenant, timeout);
    case UNSTAMPED:
      return queue.rawOutcome(job(), timeout);
    case UNKNOWN:
      return queue.rawOutcome(job(stampOf(`nobody-${randomBytes(6).toString('hex')}`)), timeout);
    case STOLEN: {
      const stolen = await queue.stampOf(job(), other);
      // One that is not signed names a tenant to whoever can write to the queue, as the docs say.
      if (stolen === null || stolen.split('.').length < 4) return { isRefused: true, seen: null, error: null };
      return queue.rawOutcome(job(stolen), timeout);
    }
    default: {
      const own = tenant ?? other;
      return whileSuspended(app, own, () => queue.outcome(job(), own, timeout));
    }
  }
}

const ONCE = { attempts: 1, delay: 0, removeOnComplete: false, removeOnFail: false };

const stampOf = (tenantId: string): string => `v1.${Buffer.from(tenantId).toString('base64url')}`;

function answerOf({ isRefused, seen, error }: JobOutcome, request: HttpRequest): TransportAnswer {
  const sent = [...textsOf('', request.body)].map(([, text]) => text);
  return { request, answer: null, seen, isRefused, error, sent: sent.join('\n').toLowerCase() };
}
