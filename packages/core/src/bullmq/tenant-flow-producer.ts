import { flowMembers } from './flow-members.js';
import { seenEvent } from './job-wall.js';
import type { Raw, RawClass } from './raw.js';
import { buildWall, isHeard, tell, walledClass, wallOf } from './wall.js';
import { wiringIn } from './wiring.js';

/** A flow producer class whose flows are the tenant's own. */
export function tenantFlowProducer(Base: RawClass): RawClass {
  class TenantFlowProducer extends Base {
    emit(event: string | symbol, ...args: unknown[]): boolean {
      const wiring = wiringIn(this['opts'] as object | undefined);
      const wall = wiring && wallOf(this);
      if (wall && isHeard(wall, event) && tell(wall, event, seenEvent(args, wiring.secrets))) return true;
      return super['emit'](event, ...args) as boolean;
    }
  }
  return walledClass(TenantFlowProducer, wallBefore);
}

function wallBefore(producer: Raw): Raw {
  const wiring = wiringIn(producer['opts'] as object);
  return wiring ? buildWall(producer, 'flow producer', flowMembers(wiring)) : producer;
}
