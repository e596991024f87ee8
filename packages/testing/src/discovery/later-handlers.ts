import type { INestApplication } from '@nestjs/common';
import { type Component, componentsOf, metadataOf, methodsOf } from './handlers.js';

/** The mark that `@TenantCron` and `@TenantInterval` leave on the method that Nest's clock calls in place of the declared one. */
const CLOCK = '@tenancy/core:clock';
const PROCESSOR = 'bullmq:processor_metadata';

/** The declared method behind one that runs it for each tenant: `nightly` of `nightly for each tenant`. */
export function declaredMethod(mounted: object): string | null {
  const declared = metadataOf(CLOCK, mounted) as { readonly method?: unknown } | undefined;
  return typeof declared?.method === 'string' ? declared.method : null;
}

/** A method that a clock runs for each tenant. */
export interface TenantClockHandler {
  /** As the clock calls it in a tenant's context. */
  run(...args: unknown[]): unknown;
  /** A whole tick, for all tenants. */
  tick(): Promise<unknown>;
}

type Methods = Readonly<Record<string, (...args: unknown[]) => unknown>>;

/** The handler called `Reports.nightly`, where a clock of `@tenancy/core/schedule` runs it; null otherwise. */
export function clockOf(app: INestApplication, handler: string | null): TenantClockHandler | null {
  for (const component of named(app, handler)) {
    for (const [mounted, method] of methodsOf(component)) {
      const declared = declaredMethod(method);
      if (declared === null || `${component.type.name}.${declared}` !== handler) continue;
      const instance = component.instance as Methods;
      return { run: (...args) => instance[declared]?.(...args), tick: async () => instance[mounted]?.() };
    }
  }
  return null;
}

/** The name of the queue whose jobs the handler called `Mails.process` takes; null where it is no processor of BullMQ. */
export function queueNameOf(app: INestApplication, handler: string | null): string | null {
  for (const { type } of named(app, handler)) {
    const { name } = (metadataOf(PROCESSOR, type) ?? {}) as { readonly name?: unknown };
    if (typeof name === 'string' && handler === `${type.name}.process`) return name;
  }
  return null;
}

const named = (app: INestApplication, handler: string | null): readonly Component[] =>
  componentsOf(app).filter(({ type, instance }) => handler?.startsWith(`${type.name}.`) && instance);
