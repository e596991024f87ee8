import type { INestApplication } from '@nestjs/common';
import { classSchema } from './class-schema.js';
import type { Route } from './entrance.js';
import { componentsOf, metadataOf, methodsOf } from './handlers.js';

const LISTENER = 'EVENT_LISTENER_METADATA';

/** A method that `@OnEvent` of `@nestjs/event-emitter` has called. */
export interface EventListener {
  /** The events that it listens to, as observers name them; wildcards among them. */
  readonly events: readonly string[];
  /** The schema of what is emitted. */
  readonly payload: Route['body'];
  call(...args: readonly unknown[]): unknown;
}

/** The listener called `Mails.welcome`; null where it is none. */
export function eventListenerOf(app: INestApplication, handler: string | null): EventListener | null {
  for (const component of componentsOf(app)) {
    const { type, instance } = component;
    for (const [name, method] of methodsOf(component)) {
      if (handler !== `${type.name}.${name}` || !instance) continue;
      const declared = metadataOf(LISTENER, method) as readonly { readonly event: unknown }[] | undefined;
      if (!Array.isArray(declared)) continue;
      const [first] = (metadataOf('design:paramtypes', type.prototype as object, name) ?? []) as readonly unknown[];
      return {
        events: declared.map(({ event }) => [event].flat().map(String).join('.')),
        payload: classSchema(first) ?? 'unknown',
        call: (...args) => (instance as Readonly<Record<string, (...all: unknown[]) => unknown>>)[name]?.(...args),
      };
    }
  }
  return null;
}
