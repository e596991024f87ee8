import { Inject, Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { outsideAnyTenant } from '../context/enter.js';
import { RESOLVED_OPTIONS } from '../tokens.js';
import { CachedTenantRegistry } from './cached-tenant-registry.js';
import type { TenantRegistry } from './tenant-registry.js';

/** Changes told at once from which on everything is forgotten, which costs less than to look for each. */
const MANY = 50;

/** Forgets what the cache knows of a tenant as soon as the registry tells of a change, from the start of the application to its end. */
@Injectable()
export class RegistryWatch implements OnModuleInit, OnApplicationShutdown {
  private stop: (() => void | Promise<void>) | undefined;
  private readonly changed = new Set<string>();
  private isAll = false;
  private isDue = false;

  constructor(
    @Inject(RESOLVED_OPTIONS) private readonly options: { readonly registry: TenantRegistry; readonly cache: unknown },
    @Inject(CachedTenantRegistry) private readonly cache: CachedTenantRegistry,
  ) {}

  onModuleInit(): void {
    if (this.options.cache === false) return;
    // What is told later belongs to no tenant either.
    const stop = outsideAnyTenant(() => this.options.registry.watch?.((id) => this.hear(id)));
    if (typeof stop === 'function') this.stop = stop;
  }

  async onApplicationShutdown(): Promise<void> {
    const { stop } = this;
    this.stop = undefined;
    await stop?.();
  }

  private hear(id: unknown): void {
    if (typeof id === 'string' && id !== '') this.changed.add(id);
    else this.isAll = true;
    if (this.isDue) return;
    this.isDue = true;
    queueMicrotask(() => this.forget());
  }

  private forget(): void {
    const ids = [...this.changed];
    const isAll = this.isAll || ids.length >= MANY;
    this.changed.clear();
    this.isAll = this.isDue = false;
    if (isAll) this.cache.invalidate();
    else for (const id of ids) this.cache.invalidate(id);
  }
}
