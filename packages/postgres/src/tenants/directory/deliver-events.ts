import { tenantEventKinds } from '@tenancy/core/adapter';
import type { TenantEvent, TenantEventKind } from '@tenancy/core/lifecycle';
import pg from 'pg';
import { misconfigured } from '../../errors/misconfigured.js';
import { refuseUnknown } from '../../errors/refuse-unknown.js';
import { requireList, requireName, requireOptions, said } from '../../errors/require-arguments.js';
import { isTrue } from '../../protocol/ask.js';
import type { DirectoryDatabase } from './directory-database.js';
import type { DeliveredEvents, EventDelivery } from './tenant-event.js';

/** Seconds of the first pause after a failure and of the longest; each is twice the one before. */
const PAUSE = { first: 1, longest: 3_600 };
/** Tenants whose next event is read at once. */
const TOGETHER = 100;

interface Head {
  readonly id: string;
  readonly tenant_id: string;
  readonly kind: TenantEventKind;
  readonly at: string;
  readonly data: string;
}

/**
 * Delivers what a consumer has not had yet: the events of each tenant in their order, one process at a time. One that fails is tried again in
 * growing pauses, in which it keeps back the later ones of its tenant and nobody else's.
 */
export async function deliverEvents(
  database: DirectoryDatabase,
  options: EventDelivery,
): Promise<DeliveredEvents | null> {
  const { consumer, kinds, handle, signal } = resolved(options);
  const asked = [consumer, kinds];
  const due = async () => {
    const [next] = await database.ask<{ due: string | null }>(DUE, asked);
    return next?.due == null ? null : Math.max(0, Math.ceil(Number(next.due)));
  };
  await database.ask(REGISTER, [consumer]);
  const dueIn = await due();
  if (dueIn !== 0) return { delivered: 0, failed: [], dueIn };
  // A connection of its own, so that the handlers of many consumers do not keep those of the directory from them.
  const lock = new pg.Client({ ...database.config, application_name: 'tenancy events' });
  let isLost = false;
  lock.on('error', () => {});
  lock.on('end', () => {
    isLost = true;
  });
  try {
    await lock.connect();
    const held = `select pg_try_advisory_lock(hashtextextended('@tenancy events ' || $1, 0)) as answer`;
    if (!(await isTrue(lock, held, [consumer]))) return null;
    const failed: { event: TenantEvent; error: unknown }[] = [];
    let delivered = 0;
    const heads = () => database.ask<Head>(HEADS, asked);
    for (let all = await heads(); all.length > 0; all = await heads()) {
      for (const head of all) {
        if (isLost || signal?.aborted) return { delivered, failed, dueIn: 0 };
        const event = eventOf(head);
        try {
          await handle(event);
          await database.ask(DONE, [consumer, head.id]);
          delivered += 1;
        } catch (error) {
          failed.push({ event, error });
          await database.ask(FAILED, [consumer, head.id, messageOf(error)]);
        }
      }
    }
    return { delivered, failed, dueIn: await due() };
  } finally {
    await lock.end().catch(() => {});
  }
}

function resolved(options: EventDelivery) {
  const place = 'deliverEvents';
  requireOptions(place, options, 'consumer');
  refuseUnknown(place, options, ['consumer', 'kinds', 'handle', 'signal']);
  const { consumer, kinds = null, handle, signal } = options;
  requireName(place, 'consumer', consumer);
  if (kinds !== null) {
    requireList(place, 'kinds', kinds);
    const unknown = kinds.find((kind) => !tenantEventKinds.includes(kind));
    // What waits for an event that never comes looks like one that nothing has happened to.
    if (unknown !== undefined) {
      throw misconfigured(
        `${place}: the option \`kinds\` has ${said(unknown)}, which is no event. Use some of ${tenantEventKinds.join(', ')}.`,
      );
    }
  }
  if (typeof handle !== 'function') {
    throw misconfigured(`${place}: the option \`handle\` is ${said(handle)}. Pass a function.`);
  }
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw misconfigured(`${place}: the option \`signal\` is ${said(signal)}. Pass the signal of an AbortController.`);
  }
  return { consumer, kinds, handle, signal };
}

function eventOf({ id, tenant_id: tenantId, kind, at, data }: Head): TenantEvent {
  return { id, tenantId, kind, at, data: JSON.parse(data) };
}

function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).slice(0, 1_000);
}

/** Events that were there before the consumer are none of its. One that is not committed yet has no row here, so it is. */
const REGISTER = `with new as (insert into {s}.consumer (name) values ($1) on conflict do nothing returning name)
  insert into {s}.delivery (consumer, event_id, done_at) select new.name, e.id, clock_timestamp() from new cross join {s}.event e`;

/** The first event of each tenant that the consumer has not had. */
const FIRST = `select distinct on (e.tenant_id) e.id, e.tenant_id, e.kind, e.at, e.data, d.due_at
  from {s}.event e left join {s}.delivery d on d.consumer = $1 and d.event_id = e.id
  where d.done_at is null and ($2::text[] is null or e.kind = any ($2)) order by e.tenant_id, e.id`;

/** Milliseconds until the first of those is due. */
const DUE = `select case when bool_or(due_at is null) then 0 else extract(epoch from min(due_at) - clock_timestamp()) * 1000 end as due from (${FIRST}) first`;

const HEADS = `select id, tenant_id, kind, to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as at, data::text as data
  from (${FIRST}) first where coalesce(due_at <= clock_timestamp(), true) order by id limit ${TOGETHER}`;

const DONE = `insert into {s}.delivery as d (consumer, event_id, attempts, done_at) values ($1, $2, 1, clock_timestamp())
  on conflict (consumer, event_id) do update set attempts = d.attempts + 1, done_at = excluded.done_at, due_at = null, failure = null`;

const FAILED = `insert into {s}.delivery as d (consumer, event_id, attempts, failure, due_at)
  values ($1, $2, 1, $3, clock_timestamp() + interval '${PAUSE.first} s')
  on conflict (consumer, event_id) do update set attempts = d.attempts + 1, failure = excluded.failure,
    due_at = clock_timestamp() + least(${PAUSE.first} * power(2, least(d.attempts, 20)), ${PAUSE.longest}) * interval '1 s'`;
