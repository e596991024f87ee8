import type { FactoryProvider } from '@nestjs/common';
import { MetadataScanner, ModulesContainer } from '@nestjs/core';
import { sentByNest } from '../errors/sent-by-nest.js';
import { rpcException, wsException } from '../peer.js';

/**
 * Has Nest send the codes of refusals in the transports that the application has, before anything is served. Where that
 * cannot be had, the application does not start: its callers would be told "Internal server error" of each refusal.
 */
export const sentCodes: FactoryProvider = {
  provide: Symbol.for('@tenancy/core:sent-codes'),
  useFactory: async (modules: ModulesContainer) => {
    if (hasGateways(modules)) sentByNest(await wsException());
    if (hasMessages(modules)) sentByNest(await rpcException());
    return true;
  },
  inject: [ModulesContainer],
};

function hasGateways(modules: ModulesContainer): boolean {
  for (const { providers } of modules.values()) {
    for (const { metatype } of providers.values()) if (isGateway(metatype)) return true;
  }
  return false;
}

export const isGateway = (metatype: unknown): metatype is { readonly prototype: Record<string, object> } =>
  typeof metatype === 'function' && Reflect.hasMetadata('websockets:is_gateway', metatype);

function hasMessages(modules: ModulesContainer): boolean {
  const scanner = new MetadataScanner();
  for (const { controllers } of modules.values()) {
    for (const { metatype } of controllers.values()) {
      const prototype: Record<string, object> | undefined = metatype?.prototype;
      const isHandler = (name: string) => Reflect.hasMetadata('microservices:pattern', prototype?.[name] ?? {});
      if (prototype && scanner.getAllMethodNames(prototype).some(isHandler)) return true;
    }
  }
  return false;
}
