import { outsideAnyTenant } from '../context/enter.js';
import type { Raw, RawClass } from './raw.js';
import { guardChildren } from './sandbox.js';
import { buildWall, walledClass } from './wall.js';
import { workerWiring } from './wiring.js';
import { workerMembers } from './worker-members.js';
import { WorkerWall } from './worker-wall.js';

const walls = new WeakMap<object, WorkerWall>();
const ofWalls = new WeakMap<object, WorkerWall>();

/** The keeper of a worker, by what the application was given of it. */
export const workerWallOf = (wall: object): WorkerWall | undefined => ofWalls.get(wall);

/** A worker class that runs each job as its tenant, over BullMQ's or that of an application. */
export function tenantWorker(Base: RawClass): RawClass {
  class TenantWorker extends Base {
    /** Q1: BullMQ starts the loop in the constructor, and again when it resumes, in whoever's context that is. */
    run(): unknown {
      return outsideAnyTenant(() => super['run']() as unknown);
    }

    callProcessJob(job: Raw, ...more: unknown[]): unknown {
      const wall = walls.get(this);
      const call = (seen: Raw): unknown => super['callProcessJob'](seen, ...more);
      return wall ? wall.process(job, call) : call(job);
    }

    emit(event: string | symbol, ...args: unknown[]): boolean {
      const heard = walls.get(this)?.tell(event, args) ?? false;
      // BullMQ's own listeners, and an `error` that nobody listens to.
      if (heard && (this['listenerCount'](event) as number) === 0) return true;
      return super['emit'](event, ...args) as boolean;
    }
  }
  return walledClass(TenantWorker, wallBefore);
}

function wallBefore(worker: Raw): Raw {
  const wiring = workerWiring(worker['name'] as string);
  // Of an application that does not use this package.
  if (!wiring) return worker;
  const members = workerMembers((...args) => own.cancel(...args));
  const wall = buildWall(worker, 'worker', members);
  const own = new WorkerWall(worker, wall, wiring);
  walls.set(worker, own);
  ofWalls.set(wall, own);
  guardChildren(worker, () => own.untenanted);
  return wall;
}
