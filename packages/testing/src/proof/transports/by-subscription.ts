import { setTimeout as sleep } from 'node:timers/promises';
import type { Tenant } from '@tenancy/core';
import type { Planted } from '../../canaries/planted.js';
import type { Entrance } from '../../discovery/entrance.js';
import { exampleRequest } from '../../discovery/example-request.js';
import { subscribe } from '../../harness/graphql-client.js';
import type { IsolationHarness } from '../../harness/isolation-harness.js';
import { answerTo, type Heard, SocketRefused } from '../../harness/socket-client.js';
import type { RequestExample } from '../target/example.js';
import type { NoTransport, Transport } from '../target/transport.js';
import { exampleFor } from './example-for.js';
import { INVENTED, invented } from './invented.js';

/**
 * A subscription of GraphQL, over a socket of the caller's own. What it tells of is what the tenant does meanwhile: as the example says, or
 * planting new rows. Null for any other entrance.
 */
export function subscriptionTransport(
  harness: IsolationHarness,
  { id, subscription }: Entrance,
  example: RequestExample | undefined,
): Transport | NoTransport | null {
  if (!subscription) return null;
  const made = (rows: Planted, tenant: Tenant, canary: (name: string) => string) => {
    const given = exampleFor(example, rows, tenant, canary);
    return { given, request: exampleRequest(subscription, rows, { canary, given }) };
  };
  const repeated = (rows: Planted, tenant: Tenant) => made(rows, tenant, (name) => `${INVENTED} ${name}`);
  const known = ({ request }: ReturnType<typeof made>) => {
    if ('unknown' in request) throw new TypeError(request.unknown);
    return request;
  };
  const [first] = harness.tenants as readonly [Tenant];
  const tried = repeated(harness.planted(first), first);
  if ('unknown' in tried.request) {
    return { unknown: `${tried.request.unknown} Give an example: { '${id}': (rows) => ({ body: { … } }) }.` };
  }
  const { milliseconds } = harness.events;
  return {
    hears: true,
    lateness: 0,
    answersNothing: tried.given.answersNothing,
    requestFor: (rows, tenant) => known(repeated(rows, tenant)),
    call: async ({ identity, tenant, rows, change = (request) => request, meanwhile }) => {
      const whose = tenant ?? first;
      const asked = made(rows, whose, (name) => invented(harness, whose, name));
      const request = change(known(asked));
      const sent = [identity.host, ...Object.values(identity.headers ?? {}), JSON.stringify(request.body)].join('\n');
      const outcome = { request, answer: null, sent: sent.toLowerCase() };
      try {
        const heard = await subscribe(
          `${harness.url}${subscription.path}`,
          identity,
          request.body as { query: string },
          harness.timeout,
        );
        try {
          await sleep(SUBSCRIBED);
          if (heard.heard.length === 0 && tenant !== null) {
            const { meanwhile: own = () => harness.plant(whose) } = asked.given;
            await own(harness.client(await harness.identityOf(whose)));
            await answerTo(heard, 0, milliseconds);
          }
          await meanwhile?.();
          if (meanwhile) await sleep(milliseconds / 3);
          return { ...outcome, seen: heard.heard, ...refusal(heard.heard) };
        } finally {
          heard.close();
        }
      } catch (reason) {
        if (!(reason instanceof SocketRefused)) throw reason;
        return { ...outcome, seen: reason.message, isRefused: true, error: reason };
      }
    },
  };
}

/** Milliseconds in which a subscription begins, or is refused: nothing tells that it has begun. */
const SUBSCRIBED = 50;

/** True where it was ended, or told of nothing but errors. */
function refusal(heard: readonly Heard[]): { isRefused: boolean; error: Error | null } {
  const refused = heard.find(({ event }) => event === 'error' || event === 'close');
  const hasData = heard.some(({ event, data }) => {
    const { data: given } = (data ?? {}) as { readonly data?: object | null };
    return event === 'next' && given && Object.values(given).some((value) => value !== null);
  });
  const onlyErrors = heard.length > 0 && !hasData && heard.every(({ event }) => event !== 'complete');
  const isRefused = !hasData && (refused !== undefined || onlyErrors);
  return { isRefused, error: isRefused ? new Error(JSON.stringify((refused ?? heard[0])?.data)) : null };
}
