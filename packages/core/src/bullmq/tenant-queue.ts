import { hideBehind } from '../admin/behind.js';
import { markWall } from '../leftovers/wall.js';
import { seenEvent } from './job-wall.js';
import { queueMembers } from './queue-members.js';
import type { Raw, RawClass } from './raw.js';
import { sharedQueue } from './shared-queue.js';
import { buildWall, isHeard, tell, walledClass, wallOf } from './wall.js';
import { besideQueue, wiringIn } from './wiring.js';

/** A queue class whose queues are the tenant's own, over BullMQ's or that of an application. */
export function tenantQueue(Base: RawClass): RawClass {
  class TenantQueue extends Base {
    emit(event: string | symbol, ...args: unknown[]): boolean {
      const wiring = wiringIn(this['opts'] as object | undefined);
      const wall = wallOf(this);
      const heard = wiring && wall && isHeard(wall, event) && tell(wall, event, seenEvent(args, wiring.secrets));
      // BullMQ's own listeners, and an `error` that nobody listens to.
      if (heard === true && this['listenerCount'](event) === 0) return true;
      return super['emit'](event, ...args) as boolean;
    }
  }
  return walledClass(TenantQueue, wallBefore);
}

function wallBefore(queue: Raw): Raw {
  const wiring = wiringIn(queue['opts'] as object);
  // Of an application that does not use this package.
  if (!wiring) return queue;
  const name = queue['name'] as string;
  besideQueue(name, wiring);
  if (wiring.shared.has(name)) {
    // The admin's way is open to all queues alike.
    hideBehind(queue, queue);
    return markWall(sharedQueue(queue));
  }
  return buildWall(queue, 'queue', queueMembers(wiring));
}
