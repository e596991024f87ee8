import { TenancyConfigurationError } from '../errors/configuration-error.js';
import type { TenantClockOptions } from './clock-options.js';

/** A method that its decorator has declared to run for each tenant. */
export interface DeclaredClock {
  readonly decorator: '@TenantCron' | '@TenantInterval';
  readonly method: string;
  /** The application's own name for it, as Nest's registry has it. */
  readonly name: string | undefined;
  readonly options: TenantClockOptions;
  /** Of an interval, in milliseconds. A cron tick has a time of its own. */
  readonly every: number | null;
  readonly isDisabled: boolean;
}

/** The method that Nest's explorer finds and calls, in place of the declared one. */
type Mounted = (this: object) => Promise<void>;

const DECLARED = '@tenancy/core:clock';
const MARKED = Symbol.for('@tenancy/core:clocks-of');
const running = new WeakMap<object, Map<Mounted, () => Promise<void>>>();

/**
 * Declares a method to run for each tenant. Nest mounts a method of its own beside it, so that whoever calls the declared one calls just
 * that, in their own context.
 *
 * @param mount - Nest's decorator
 */
export function declareClock(declared: Omit<DeclaredClock, 'method'>, mount: MethodDecorator): MethodDecorator {
  return (target, key, descriptor) => {
    const method = String(key);
    const place = `${declared.decorator} of ${target.constructor?.name}.${method}`;
    if (typeof target === 'function' || typeof key === 'symbol' || typeof descriptor?.value !== 'function') {
      throw new TenancyConfigurationError(place, 'is not on a method of an instance', 'Put it on one that has a name.');
    }
    const mounted: Mounted = async function (this: object) {
      // Overridden without a decorator: as with Nest's own, it is no clock any more.
      if (!isDeclared((this as Record<string, unknown>)[method])) return;
      const run = running.get(this)?.get(mounted);
      if (!run) throw new TenancyConfigurationError(place, 'has no clock', 'Import `TenantScheduleModule.forRoot()`.');
      await run();
    };
    let name = `${method} for each tenant`;
    while (Object.hasOwn(target, name)) name += ' again';
    Object.defineProperty(target, name, { value: mounted, configurable: true, writable: true });
    mount(target, name, Object.getOwnPropertyDescriptor(target, name) as PropertyDescriptor);
    Reflect.defineMetadata(DECLARED, { ...declared, method }, mounted);
    Reflect.defineMetadata(MARKED, true, descriptor.value);
  };
}

const isDeclared = (method: unknown): boolean => typeof method === 'function' && Reflect.hasMetadata(MARKED, method);

/** The declaration behind a method that Nest mounts, or undefined for one that Nest's own decorators declare. */
export const declaredBy = (mounted: object): DeclaredClock | undefined =>
  Reflect.getOwnMetadata(DECLARED, mounted) as DeclaredClock | undefined;

/** Connects a mounted method of `instance` with what runs it. */
export function connectClock(instance: object, mounted: object, run: () => Promise<void>): void {
  const runs = running.get(instance) ?? new Map<Mounted, () => Promise<void>>();
  running.set(instance, runs.set(mounted as Mounted, run));
}
