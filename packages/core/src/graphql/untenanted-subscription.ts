import { MetadataScanner, type ModulesContainer } from '@nestjs/core';
import { isUntenantedHandler } from '../entrances/untenanted.decorator.js';

/** The metadata that @nestjs/graphql keeps of a resolver. */
const TYPE = 'graphql:resolver_type';

/** True when a subscription of the application is `@Untenanted()`. */
export function hasUntenantedSubscription(modules: ModulesContainer): boolean {
  const scanner = new MetadataScanner();
  for (const { providers } of modules.values()) {
    for (const { metatype } of providers.values()) {
      const prototype: Record<string, object> | undefined =
        typeof metatype === 'function' ? (metatype.prototype as Record<string, object> | undefined) : undefined;
      if (!prototype || !metatype) continue;
      for (const method of scanner.getAllMethodNames(prototype)) {
        const handler = prototype[method];
        if (!handler || Reflect.getMetadata(TYPE, handler) !== 'Subscription') continue;
        if (isUntenantedHandler(handler, metatype)) return true;
      }
    }
  }
  return false;
}
