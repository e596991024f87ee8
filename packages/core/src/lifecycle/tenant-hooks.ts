import { type BeforeApplicationShutdown, Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { MetadataScanner, ModulesContainer } from '@nestjs/core';
import { outsideAnyTenant } from '../context/enter.js';
import { TenancyConfigurationError } from '../errors/configuration-error.js';
import type { TenantRegistry } from '../registry/tenant-registry.js';
import { RESOLVED_OPTIONS } from '../tokens.js';
import { LIFECYCLE_OPTIONS, type ResolvedLifecycleOptions, requireSource } from './lifecycle-options.js';
import { type DeclaredHook, hookOf } from './on-tenant.decorator.js';
import type { TenantEventSource } from './tenant-event.js';
import { TenantHook } from './tenant-hook.js';

/** Finds the methods with `@OnTenant` of the application, and has them called. */
@Injectable()
export class TenantHooks implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly hooks = new Map<string, TenantHook>();
  private stop: (() => void | Promise<void>) | undefined;

  constructor(
    @Inject(ModulesContainer) private readonly modules: ModulesContainer,
    @Inject(RESOLVED_OPTIONS) private readonly tenancy: { readonly registry: TenantRegistry },
    @Inject(LIFECYCLE_OPTIONS) private readonly options: ResolvedLifecycleOptions,
  ) {}

  /** @throws `tenancy_misconfigured` for a method that could not be called, two of one name, and a registry that delivers no events. */
  onApplicationBootstrap(): void {
    const { every } = this.options;
    const source = this.options.source ?? requireSource('TenancyModule.registry', this.tenancy.registry);
    if (every === false) return;
    this.find(source, every);
    const wake = () => {
      for (const hook of this.hooks.values()) hook.wake();
    };
    const stop = outsideAnyTenant(() => source.watch?.(wake));
    if (typeof stop === 'function') this.stop = stop;
    wake();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.stop?.();
    await Promise.all([...this.hooks.values()].map((hook) => hook.close()));
  }

  private find(source: TenantEventSource, every: number): void {
    const scanner = new MetadataScanner();
    const seen = new Set<object>();
    for (const { providers, controllers } of this.modules.values()) {
      for (const wrapper of [...providers.values(), ...controllers.values()]) {
        const instance: unknown = wrapper.instance;
        if (typeof instance !== 'object' || instance === null || seen.has(instance)) continue;
        seen.add(instance);
        const prototype: unknown = Object.getPrototypeOf(instance);
        if (typeof prototype !== 'object' || prototype === null) continue;
        for (const method of scanner.getAllMethodNames(prototype)) {
          const declared = hookOf((instance as Record<string, object>)[method] ?? {});
          if (!declared) continue;
          if (!wrapper.isDependencyTreeStatic()) throw scoped(`${instance.constructor.name}.${method}`);
          this.add(instance, method, declared, source, every);
        }
      }
    }
  }

  private add(
    instance: object,
    method: string,
    { kinds, name }: DeclaredHook,
    source: TenantEventSource,
    every: number,
  ) {
    const consumer = name ?? `${instance.constructor.name}.${method}`;
    if (this.hooks.has(consumer)) {
      throw new TenancyConfigurationError(
        `@OnTenant of ${instance.constructor.name}.${method}`,
        `is the second one that is called ${JSON.stringify(consumer)}, and each would take events from the other`,
        'Give each a `name` of its own, and provide the class in one module only.',
      );
    }
    const { registry } = this.tenancy;
    const call = (instance as Record<string, (event: unknown) => unknown>)[method]?.bind(instance) ?? (() => {});
    this.hooks.set(consumer, new TenantHook({ name: consumer, kinds, source, registry, every, call }));
  }
}

function scoped(at: string): TenancyConfigurationError {
  return new TenancyConfigurationError(
    `@OnTenant of ${at}`,
    'is of a provider that is made for each request, and an event is none',
    'Put it on one without `scope`.',
  );
}
