import type { Tenant } from '@tenancy/core';
import type { IsolationHarness } from '../../harness/isolation-harness.js';
import { isCall } from '../target/example.js';
import { type Call, Target } from '../target/target.js';
import { transportTo } from '../transports/transports-to.js';
import type { WorldOptions } from './world.js';

/**
 * Entrances that are called by themselves or by an example, but for those that end sessions. Reads come first, as what was not set yet
 * is what the application begins with; those that take rows away come last.
 *
 * @param isOnly - false beside another application that takes jobs and messages of the same queues
 */
export function targetsIn(
  harness: IsolationHarness,
  options: WorldOptions,
  own: Tenant,
  other: Tenant,
  isOnly = false,
): readonly Target[] {
  const targets = harness.entrances.flatMap((entrance) => {
    if (typeof options.exempt?.[entrance.id] === 'string' || ENDS_SESSIONS.test(entrance.id)) return [];
    // A worker of the other application may take it.
    if (!isOnly && !entrance.route && !isCall(options.examples?.[entrance.id])) return [];
    const transport = transportTo(harness, entrance, options.examples?.[entrance.id]);
    return 'unknown' in transport ? [] : [new Target(harness, entrance, transport, own, other)];
  });
  const order = ({ entrance: { id }, changesRows }: Target) => (/^DELETE /.test(id) ? 2 : Number(changesRows));
  return targets.sort((a, b) => order(a) - order(b));
}

const ENDS_SESSIONS = /log-?out|sign-?out|revoke|password/i;

/** With new rows wherever rows may be used up, whatever the other did: alike in all worlds. */
export async function calling({ harness, changesRows, own, other }: Target, tenant: Tenant): Promise<Call> {
  const rows = changesRows ? await harness.plant(tenant) : harness.planted(tenant);
  const identity = await harness.identityOf(tenant);
  return { identity, tenant, rows, watched: [tenant === own ? other : own] };
}
