import {
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
  type OnModuleInit,
} from '@nestjs/common';
import { MetadataScanner, ModuleRef, ModulesContainer } from '@nestjs/core';
import { outsideAnyTenant } from '../context/enter.js';
import { isUntenantedHandler } from '../entrances/untenanted.decorator.js';
import { TenancyConfigurationError } from '../errors/configuration-error.js';
import { TenantRegistry } from '../registry/tenant-registry.js';
import { RESOLVED_OPTIONS } from '../tokens.js';
import type { Lock } from './lock/clock-lock.js';
import { lockOf } from './lock/lock-of.js';
import { prepared } from './lock/prepared.js';
import { holdMethod, isClockMethod } from './nest-clock.js';
import {
  type ResolvedScheduleOptions,
  requireLock,
  resolveVisitOptions,
  SCHEDULE_OPTIONS,
} from './schedule-options.js';
import { TenantClock } from './tenant-clock.js';
import { connectClock, type DeclaredClock, declaredBy } from './tenant-clock-metadata.js';

const logger = new Logger('TenantSchedule');

/** Finds the clocks of the application: those of each tenant, to run them, and Nest's own, to name them where they ask for a tenant. */
@Injectable()
export class Clocks implements OnModuleInit, OnApplicationBootstrap, OnModuleDestroy {
  private readonly clocks = new Map<string, TenantClock>();
  private readonly unlocked: string[] = [];
  private readonly locks: Lock[] = [];

  constructor(
    @Inject(ModulesContainer) private readonly modules: ModulesContainer,
    @Inject(ModuleRef) private readonly moduleRef: ModuleRef,
    @Inject(TenantRegistry) private readonly registry: TenantRegistry,
    @Inject(RESOLVED_OPTIONS) private readonly tenancy: { readonly registry: TenantRegistry },
    @Inject(SCHEDULE_OPTIONS) private readonly options: ResolvedScheduleOptions,
  ) {}

  /** Nest's explorer, which is of the same module and made after this one, looks for methods next. */
  onModuleInit(): void {
    const scanner = new MetadataScanner();
    for (const { providers, controllers } of this.modules.values()) {
      for (const wrapper of [...controllers.values(), ...providers.values()]) {
        const instance: unknown = wrapper.instance;
        if (typeof instance !== 'object' || instance === null || !wrapper.isDependencyTreeStatic()) continue;
        if ('mountIntervals' in instance) startOutside(instance as unknown as OnApplicationBootstrap);
        const prototype: unknown = Object.getPrototypeOf(instance);
        if (typeof prototype !== 'object' || prototype === null) continue;
        for (const name of scanner.getAllMethodNames(prototype)) this.hold(instance, name);
      }
    }
    if (this.unlocked.length === 0) return;
    logger.warn(
      `Without a lock every process runs ${this.unlocked.join(', ')}. Pass \`TenantScheduleModule.forRoot({ lock: { table: pool } })\`, or ` +
        '`lock: false` to the decorator where that is meant.',
    );
  }

  /** Goes on with what a process before this one has left behind. */
  async onApplicationBootstrap(): Promise<void> {
    for (const lock of this.locks) await prepared(lock);
    for (const clock of this.clocks.values()) clock.watch(0);
  }

  async onModuleDestroy(): Promise<void> {
    await Promise.all([...this.clocks.values()].map((clock) => clock.close(this.options.shutdownTimeout)));
  }

  private hold(instance: object, name: string): void {
    const method = (instance as Record<string, unknown>)[name];
    if (typeof method !== 'function' || !isClockMethod(method)) return;
    const declared = declaredBy(method);
    if (!declared) holdMethod(instance, name, method as (...args: unknown[]) => unknown);
    // An instance that is injected by several tokens is one.
    else if (!this.known.has(instance) || !this.known.get(instance)?.has(method))
      this.connect(instance, method, declared);
  }

  private readonly known = new Map<object, Set<object>>();

  private connect(instance: object, mounted: object, declared: DeclaredClock): void {
    const known = this.known.get(instance) ?? new Set();
    this.known.set(instance, known.add(mounted));
    const { nest } = this.options;
    if ((declared.every === null ? nest.cronJobs : nest.intervals) === false) return;
    const type = instance.constructor;
    const at = `${type.name}.${declared.method}`;
    const name = declared.name ?? at;
    this.check(name, at, declared, instance);
    const lock = declared.options.lock ?? this.options.lock ?? false;
    if (lock !== false) requireLock(`${at}.lock`, lock);
    if (declared.options.lock === undefined && lock === false) this.unlocked.push(at);
    const place =
      lock === false ? null : lockOf(`${at}.lock`, lock, (token) => this.moduleRef.get(token, { strict: false }));
    // Those of the module are one.
    if (place && (declared.options.lock || !this.locks.length)) this.locks.push(place);
    const clock = new TenantClock({
      name,
      registry: this.registry,
      lock: place,
      lease: this.options.lease,
      every: declared.every,
      options: resolveVisitOptions(at, declared.options, this.options.concurrency),
      call: (tenant, tick) =>
        (instance as Record<string, (...args: unknown[]) => unknown>)[declared.method]?.(tenant, tick),
    });
    connectClock(instance, mounted, () => clock.tick());
    if (!declared.isDisabled) this.clocks.set(name, clock);
  }

  private check(name: string, at: string, { decorator, method }: DeclaredClock, instance: object): void {
    if (this.clocks.has(name)) {
      throw new TenancyConfigurationError(
        `${decorator} of ${at}`,
        `two of them are called ${JSON.stringify(name)}, and processes could not tell them apart`,
        'Give each a `name` of its own, and provide the class in one module only.',
      );
    }
    if (isUntenantedHandler((instance as Record<string, object>)[method] as object, instance.constructor)) {
      throw new TenancyConfigurationError(`${decorator} of ${at}`, 'is also @Untenanted()', 'Use one of the two.');
    }
    if (typeof this.tenancy.registry.list === 'function') return;
    throw new TenancyConfigurationError(
      `${decorator} of ${at}`,
      'runs for each tenant, and the registry cannot list them',
      'Give the registry a `list()`: an async iterable of all tenants.',
    );
  }
}

/** Nest's orchestrator starts the clocks, whoever starts the application: a test inside of a tenant. */
function startOutside(orchestrator: OnApplicationBootstrap): void {
  const { onApplicationBootstrap } = orchestrator;
  orchestrator.onApplicationBootstrap = () => outsideAnyTenant(() => onApplicationBootstrap.call(orchestrator));
}
