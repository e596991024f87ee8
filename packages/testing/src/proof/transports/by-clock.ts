import { TenantContext } from '@tenancy/core';
import { outsideAnyTenant } from '@tenancy/core/adapter';
import type { Entrance } from '../../discovery/entrance.js';
import { clockOf } from '../../discovery/later-handlers.js';
import type { IsolationHarness } from '../../harness/isolation-harness.js';
import type { RequestExample } from '../target/example.js';
import type { Transport } from '../target/transport.js';
import { whileSuspended } from './suspended.js';

const context = new TenantContext();
const SUSPENDED = 'In a tick while its tenant is suspended';

/** A call of a method that `@TenantCron` or `@TenantInterval` runs for each tenant; null for any other entrance. */
export function clockTransport(
  harness: IsolationHarness,
  { handler }: Entrance,
  example: RequestExample | undefined,
): Transport | null {
  const clock = clockOf(harness.app, handler);
  if (!clock) return null;
  const { answersNothing } = typeof example === 'function' ? {} : (example ?? {});
  const nothing = { request: null, answer: null, sent: '' };
  return {
    isClock: true,
    forgeries: [SUSPENDED],
    lateness: 0,
    answersNothing,
    requestFor: () => null,
    call: async ({ tenant, forgery }) => {
      const own = tenant ?? (harness.tenants[0] as (typeof harness.tenants)[number]);
      const tick = { at: new Date(), signal: new AbortController().signal };
      try {
        if (forgery === SUSPENDED) {
          await outsideAnyTenant(() => whileSuspended(harness.app, own, () => clock.tick()));
          return { ...nothing, seen: null, isRefused: true, error: null };
        }
        const seen = await outsideAnyTenant(() => context.run(own, async () => clock.run(own, tick)));
        return { ...nothing, seen, isRefused: false, error: null };
      } catch (reason) {
        const error = reason instanceof Error ? reason : new Error(String(reason));
        return { ...nothing, seen: null, isRefused: true, error };
      }
    },
  };
}
