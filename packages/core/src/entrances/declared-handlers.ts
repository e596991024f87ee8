import { MetadataScanner, type ModulesContainer } from '@nestjs/core';
import { isUntenantedHandler } from './untenanted.decorator.js';

/** A handler of messages as its decorators declare it. */
export interface Declared {
  readonly name: string;
  readonly untenanted: boolean;
}

/** All of an application, by the object that the decorator keeps for a handler, which Nest hands to the server along with it. */
export function declaredHandlers(modules: ModulesContainer): Map<object, Declared> {
  const scanner = new MetadataScanner();
  const declared = new Map<object, Declared>();
  for (const { controllers } of modules.values()) {
    for (const { metatype } of controllers.values()) {
      const prototype: Record<string, unknown> | undefined = metatype?.prototype;
      if (!metatype || !prototype) continue;
      for (const method of scanner.getAllMethodNames(prototype)) {
        const handler = prototype[method] as object;
        const extras: unknown = Reflect.getMetadata('microservices:pattern_extras', handler);
        if (typeof extras !== 'object' || extras === null) continue;
        const known = declared.get(extras);
        const untenanted = isUntenantedHandler(handler, metatype);
        declared.set(extras, {
          name: known?.name ?? `${metatype.name}.${method}`,
          // An inherited handler is that of several controllers, and Nest does not say of which.
          untenanted: untenanted && (known?.untenanted ?? true),
        });
      }
    }
  }
  return declared;
}
