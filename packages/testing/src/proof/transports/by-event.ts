import { TenantContext } from '@tenancy/core';
import { outsideAnyTenant } from '@tenancy/core/adapter';
import type { Entrance } from '../../discovery/entrance.js';
import { eventListenerOf } from '../../discovery/event-listeners.js';
import type { IsolationHarness } from '../../harness/isolation-harness.js';
import type { RequestExample } from '../target/example.js';
import type { NoTransport, Transport } from '../target/transport.js';
import { payloadsTo } from './payload.js';

const context = new TenantContext();

/**
 * An event inside the application, for a method with `@OnEvent`: called as the emitter calls it, in the context of who emits. Errors come to
 * light, which the emitter only logs. Null for any other entrance.
 */
export function eventTransport(
  harness: IsolationHarness,
  { id, handler }: Entrance,
  example: RequestExample | undefined,
): Transport | NoTransport | null {
  const listener = eventListenerOf(harness.app, handler);
  if (!listener) return null;
  const [event = ''] = listener.events;
  // The payload, or a list of them: `emit` takes several.
  const payloads = payloadsTo(
    harness,
    { id, method: 'EVENT', name: event, schema: listener.payload, seen: () => seenOf(harness, listener.events) },
    example,
  );
  if ('unknown' in payloads) return payloads;
  return {
    isInside: true,
    lateness: 0,
    answersNothing: payloads.answersNothing,
    forgeries: [],
    requestFor: payloads.repeated,
    call: async ({ tenant, rows, change = (request) => request }) => {
      const request = change(payloads.made(rows, tenant ?? (harness.tenants[0] as (typeof harness.tenants)[number])));
      const { data } = payloads.sent(request);
      const sent = JSON.stringify(data ?? null).toLowerCase();
      const emit = async () => listener.call(...[data].flat());
      try {
        const seen = await outsideAnyTenant(() =>
          harness.payloads.unseen(() => (tenant ? context.run(tenant, emit) : emit())),
        );
        return { request, answer: null, seen, isRefused: false, error: null, sent };
      } catch (reason) {
        const error = reason instanceof Error ? reason : new Error(String(reason));
        return { request, answer: null, seen: null, isRefused: true, error, sent };
      }
    },
  };
}

function seenOf({ payloads }: IsolationHarness, events: readonly string[]) {
  return events.map((event) => payloads.latest('event', event)).find((seen) => seen !== undefined);
}
