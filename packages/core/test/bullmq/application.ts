import { randomUUID } from 'node:crypto';
import { BullModule, getQueueToken } from '@nestjs/bullmq';
import { Module, type ModuleMetadata, type Provider, type Type } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import type { Job, Queue } from 'bullmq';
import { TenantBullModule, type TenantBullOptions } from '../../src/bullmq.js';
import {
  type InMemoryTenant,
  InMemoryTenantRegistry,
  TenancyModule,
  type Tenant,
  TenantContext,
} from '../../src/index.js';
import type { Backend } from './backends.js';

export const acme = { id: 't_acme', slug: 'acme' };
export const globex = { id: 't_globex', slug: 'globex' };
export const context = new TenantContext();

export const as = <R>(tenant: Tenant, fn: () => R): R => context.run(tenant, fn);

export const tenantNow = (): string => (context.isActive() ? context.tenantId : 'none');

/** A registry whose tenants a test may change while it runs. */
export class Tenants extends InMemoryTenantRegistry {
  readonly changed = new Map<string, Tenant | null | Error>();

  override async findById(id: string): Promise<Tenant | null> {
    const changed = this.changed.get(id);
    if (changed instanceof Error) throw changed;
    return changed === undefined ? await super.findById(id) : changed;
  }
}

export interface Started {
  readonly module: TestingModule;
  readonly tenants: Tenants;
  queue<T = unknown>(name?: string): Queue<T>;
  close(): Promise<void>;
}

export interface StartOptions {
  readonly queue: string;
  readonly providers?: Provider[];
  readonly imports?: ModuleMetadata['imports'];
  readonly bull?: Partial<TenantBullOptions>;
  readonly register?: object;
  readonly tenants?: readonly InMemoryTenant[];
  /** With what the registry's cache remembers. */
  readonly cached?: boolean;
  readonly audit?: (event: unknown) => void;
}

/** A name of its own for a queue of each test. */
export const someQueue = (): string => `q-${randomUUID()}`;

/** The root module of an application with a queue. */
export function rootModule(backend: Backend, options: StartOptions, tenants = new Tenants([acme, globex])): Type {
  @Module({
    imports: [
      TenancyModule.forRoot({
        registry: tenants,
        sources: [{ name: 'none', identify: () => null }],
        ...(!options.cached && { cache: false as const }),
        ...(options.audit && { audit: options.audit }),
      }),
      TenantBullModule.forRoot({ ...backend.options(), ...options.bull } as TenantBullOptions),
      BullModule.registerQueue({ name: options.queue, ...options.register }),
      ...(options.imports ?? []),
    ],
    providers: options.providers ?? [],
  })
  class RootModule {}
  return RootModule;
}

/** One application with a queue. */
export async function start(backend: Backend, options: StartOptions): Promise<Started> {
  const tenants = new Tenants(options.tenants ?? [acme, globex]);
  const module = await Test.createTestingModule({ imports: [rootModule(backend, options, tenants)] }).compile();
  module.useLogger(false);
  await module.init();
  return {
    module,
    tenants,
    queue: (name = options.queue) => module.get(getQueueToken(name), { strict: false }),
    close: () => module.close(),
  };
}

/** Waits until `condition` holds. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 10));
}

/** Waits until a job has finished, whichever way. */
export async function finished(tenant: Tenant, queue: Queue, id: string): Promise<Job> {
  await until(async () => {
    const job = await as(tenant, () => queue.getJob(id));
    const state = job && (await as(tenant, () => job?.getState()));
    return state === 'completed' || state === 'failed';
  });
  return (await as(tenant, () => queue.getJob(id))) as Job;
}
