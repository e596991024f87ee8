import { BullModule } from '@nestjs/bullmq';
import { TenancyConfigurationError } from '../errors/configuration-error.js';
import type { RawClass } from './raw.js';
import { tenantFlowProducer } from './tenant-flow-producer.js';
import { tenantQueue } from './tenant-queue.js';
import { tenantWorker } from './tenant-worker.js';

/** The classes that an application brings itself: those of BullMQ Pro, or its own. */
export interface BullClasses {
  /**
   * The class that each queue is built on.
   * @defaultValue what was set on `BullModule` before, or BullMQ's own
   */
  readonly queueClass?: unknown;
  /**
   * The class that each worker is built on.
   * @defaultValue what was set on `BullModule` before, or BullMQ's own
   */
  readonly workerClass?: unknown;
  /**
   * The class that each flow producer is built on.
   * @defaultValue what was set on `BullModule` before, or BullMQ's own
   */
  readonly flowProducerClass?: unknown;
}

const OVER = {
  queueClass: tenantQueue,
  workerClass: tenantWorker,
  flowProducerClass: tenantFlowProducer,
} as const;

type ClassName = keyof typeof OVER;
const names = Object.keys(OVER) as ClassName[];

/** Of every copy of this package, which must not be put over one another. */
const BASE = Symbol.for('@tenancy/core/bullmq:base');
const made = new Map<RawClass, RawClass>();

const set = (name: ClassName): RawClass => (BullModule as unknown as Record<string, RawClass>)[`_${name}`] as RawClass;
const isOurs = (cls: RawClass): boolean => made.get((cls as { [BASE]?: RawClass })[BASE] as RawClass) === cls;

/** Puts the tenant's classes over those of the application. They do nothing for an application without `TenantBullModule`. */
export function installClasses(classes: BullClasses): void {
  for (const name of names) {
    const given = (classes[name] ?? set(name)) as RawClass & { readonly [BASE]?: RawClass };
    if (typeof given !== 'function') {
      throw new TenancyConfigurationError(
        `TenantBullModule.${name}`,
        'is not a class',
        'Pass the class itself, or leave it out.',
      );
    }
    const base = given[BASE] ?? given;
    let over = made.get(base);
    if (!over) {
      over = OVER[name](base);
      Object.defineProperty(over, BASE, { value: base });
      made.set(base, over);
    }
    if (set(name) !== over) (BullModule as unknown as Record<string, unknown>)[name] = over;
  }
}

/** Q16: @throws `tenancy_misconfigured` where a class was set on `BullModule` since. */
export function refuseOverwritten(): void {
  for (const name of names) {
    if (isOurs(set(name))) continue;
    throw new TenancyConfigurationError(
      `BullModule.${name}`,
      'was set after TenantBullModule, so its jobs would have no tenant',
      `Pass it there: \`TenantBullModule.forRoot({ ${name}, … })\`.`,
    );
  }
}
