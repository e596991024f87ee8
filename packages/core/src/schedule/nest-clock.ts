import { asClock, isOutside } from './clock-context.js';

/** Nest's keys of metadata: what `@Cron`, `@Timeout` and `@Interval` have declared a method to be. */
const TYPE = 'SCHEDULER_TYPE';
const KINDS: Readonly<Record<number, string>> = { 1: '@Cron', 2: '@Timeout', 3: '@Interval' };
const FIX: Readonly<Record<string, string>> = {
  '@Cron': 'Put `@TenantCron` on it in place of `@Cron`, and it runs for each tenant. Or visit',
  '@Interval': 'Put `@TenantInterval` on it in place of `@Interval`, and it runs for each tenant. Or visit',
};

type Method = (...args: unknown[]) => unknown;

export const isClockMethod = (method: object): boolean => Reflect.hasMetadata(TYPE, method);

/**
 * Names a method of Nest's own clocks where it asks for a tenant. Nest calls what it finds on the instance; so does everybody else, for
 * whom nothing changes: only what is called outside of everything is a clock.
 */
export function holdMethod(instance: object, name: string, method: Method): void {
  if (Object.hasOwn(instance, name) || !Object.isExtensible(instance)) return;
  const kind = KINDS[Reflect.getMetadata(TYPE, method) as number] ?? 'a clock';
  const what = `${instance.constructor.name}.${name} is run by ${kind}`;
  const fix = `${FIX[kind] ?? 'Visit'} all with \`TenantRunner.forEach(…)\`, or enter one in \`TenantContext.run(tenant, …)\`.`;
  const held: Method = function (this: unknown, ...args) {
    const call = () => Reflect.apply(method, this, args);
    return isOutside() ? asClock(what, fix, call) : call();
  };
  // Metadata, and whatever else is on a method, is found on what it inherits from.
  Object.setPrototypeOf(held, method);
  Object.defineProperty(held, 'name', { value: method.name, configurable: true });
  Object.defineProperty(held, 'length', { value: method.length, configurable: true });
  Object.defineProperty(instance, name, { value: held, configurable: true, writable: true });
}
