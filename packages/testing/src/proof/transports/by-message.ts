import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Tenant, TenantContext } from '@tenancy/core';
import { outsideAnyTenant } from '@tenancy/core/adapter';
import type { Entrance } from '../../discovery/entrance.js';
import { type MessageServer, messageHandlerOf, routeOf } from '../../discovery/message-handlers.js';
import type { IsolationHarness } from '../../harness/isolation-harness.js';
import { type MessageClient, messageClient, unreachable } from '../../harness/message-client.js';
import type { RequestExample } from '../target/example.js';
import type { NoTransport, Transport, TransportAnswer, TransportCall } from '../target/transport.js';
import { payloadsTo } from './payload.js';
import { whileSuspended } from './suspended.js';

const UNSTAMPED = 'In a message without a stamp';
const UNKNOWN = 'In a message of a tenant that nobody knows';
const SUSPENDED = 'In a message of a tenant that is suspended';

const context = new TenantContext();

/**
 * A message or an event for a controller, over the transport of its server: as the example says, or as the application has sent one itself.
 * Null for any other entrance.
 */
export function messageTransport(
  harness: IsolationHarness,
  { id, handler, kind }: Entrance,
  example: RequestExample | undefined,
): Transport | NoTransport | null {
  const found = kind === 'message' || kind === 'event' ? messageHandlerOf(harness.app, handler) : null;
  if (!found) return null;
  const { pattern, server, isEvent, payload } = found;
  const why = unreachable(server);
  if (why !== null || server === null) {
    return { unknown: `${why}. Give an example: { '${id}': { call: async (rows, caller) => … } }.` };
  }
  const name = routeOf(pattern);
  const payloads = payloadsTo(
    harness,
    { id, method: 'MESSAGE', name, schema: payload, seen: () => harness.payloads.latest('message', name) },
    example,
  );
  if ('unknown' in payloads) return payloads;
  const [first] = harness.tenants as readonly [Tenant];
  return {
    lateness: 0,
    answersNothing: payloads.answersNothing,
    forgeries: [UNSTAMPED, UNKNOWN, SUSPENDED],
    requestFor: payloads.repeated,
    call: async ({ tenant, rows, change = (request) => request, forgery }: TransportCall) => {
      const whose = tenant ?? first;
      const request = change(payloads.made(rows, whose));
      const { data } = payloads.sent(request);
      const client = await clientOf(harness, server, forgery !== UNSTAMPED);
      const send = () => (isEvent ? emitted(harness, client, pattern, data, handler) : asked(client, pattern, data));
      const as = (sender: Tenant | null) =>
        outsideAnyTenant(() => harness.payloads.unseen(() => (sender ? context.run(sender, send) : send())));
      const outcome = await (forgery === UNKNOWN
        ? as(nobody())
        : forgery === SUSPENDED
          ? whileSuspended(harness.app, whose, () => as(whose))
          : as(tenant));
      return { request, answer: null, sent: JSON.stringify(data ?? null).toLowerCase(), ...outcome };
    },
  };
}

type Outcome = Pick<TransportAnswer, 'seen' | 'isRefused' | 'error'>;

async function asked(client: MessageClient, pattern: unknown, data: unknown): Promise<Outcome> {
  try {
    return { seen: await client.send(pattern, data), isRefused: false, error: null };
  } catch (reason) {
    return refused(reason);
  }
}

/** An event is not answered: the log tells where it was refused. */
async function emitted(
  { recorder }: IsolationHarness,
  client: MessageClient,
  pattern: unknown,
  data: unknown,
  handler: string | null,
): Promise<Outcome> {
  try {
    const { log } = await recorder.record(async () => {
      await client.emit(pattern, data);
      await sleep(DELIVERED);
    });
    const line = log.find((each) => each.includes(`handler ${handler}`) && each.includes('did not run'));
    return { seen: null, isRefused: line !== undefined, error: line === undefined ? null : new Error(line) };
  } catch (reason) {
    return refused(reason);
  }
}

/** Milliseconds in which an event arrives. */
const DELIVERED = 40;

function refused(reason: unknown): Outcome {
  const error = reason instanceof Error ? reason : new Error(JSON.stringify(reason));
  return { seen: error.message, isRefused: true, error };
}

const nobody = (): Tenant => {
  const name = `nobody-${randomBytes(6).toString('hex')}`;
  return { id: name, slug: name };
};

const clients = new WeakMap<IsolationHarness, Map<string, Promise<MessageClient>>>();

/** One for each server, as long as the harness is open. */
function clientOf(harness: IsolationHarness, server: MessageServer, isOwn: boolean): Promise<MessageClient> {
  const known = clients.get(harness) ?? new Map<string, Promise<MessageClient>>();
  clients.set(harness, known);
  const key = `${server.transportId} ${JSON.stringify(server.options ?? {})} ${isOwn}`;
  const made =
    known.get(key) ??
    outsideAnyTenant(() => messageClient(harness.app, server, isOwn, harness.timeout)).then((client) => {
      harness.atClose(() => client.close());
      return client;
    });
  known.set(key, made);
  return made;
}
