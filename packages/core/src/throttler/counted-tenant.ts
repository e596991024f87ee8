import type { ExecutionContext } from '@nestjs/common';
import { storage } from '../context/storage.js';
import { answersBefore } from '../context/unidentified.js';
import { storeOf } from '../entrances/request-entrance.js';
import { requestOf } from '../entrances/request-of.js';
import { isUntenanted } from '../entrances/untenanted.decorator.js';
import type { TenantResolver } from '../resolution/tenant-resolver.js';
import type { Tenant } from '../tenant.js';

const counted = new WeakMap<ExecutionContext, Tenant | null>();

/** The tenant that a call counts for; null for nobody's. It is that of the request, whatever context a guard before has gone on in. */
export function countedTenant(context: ExecutionContext): Tenant | null {
  const known = counted.get(context);
  return known === undefined ? tenantAround(context) : known;
}

/**
 * Remembers the tenant of a call that only a source which is asked after the guards can tell: asked here as well, it tells once a guard
 * before this one has found the user. Where it says nothing yet, or fails, the call is nobody's as far as the count goes.
 */
export async function askForCount(context: ExecutionContext, resolver: TenantResolver): Promise<void> {
  if (countedTenant(context) || isUntenanted(context)) return;
  const request = requestOf(context);
  const store = request && storeOf(request);
  const earlier = store?.refusal ? answersBefore(store.refusal) : [];
  if (!request || earlier === null) return;
  try {
    counted.set(context, await resolver.resolveAfter('guards', request, earlier));
  } catch {
    // It is asked again in its own time, and refuses then.
  }
}

function tenantAround(context: ExecutionContext): Tenant | null {
  if (isUntenanted(context)) return null;
  const request = requestOf(context);
  const store = (request && storeOf(request)) ?? storage.getStore();
  return store?.tenant ?? null;
}
