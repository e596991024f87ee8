import {
  type BeforeApplicationShutdown,
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { enter, outsideAnyTenant } from '../../context/enter.js';
import { TenancyConfigurationError } from '../../errors/configuration-error.js';
import { isTenancyError } from '../../errors/tenancy-error.js';
import { activeTenant } from '../../registry/active-tenant.js';
import { isListed, listedTenants } from '../../registry/listed-tenants.js';
import { TenantRegistry } from '../../registry/tenant-registry.js';
import type { ResolvedTenancyOptions } from '../../tenancy.options.js';
import { RESOLVED_OPTIONS } from '../../tokens.js';
import type { Drained, OutboxEvent } from './outbox-event.js';
import { OUTBOX_OPTIONS, type OutboxOptions } from './outbox-options.js';
import { pauseAfter } from './pause-after.js';

interface Queue {
  add(name: string, data: unknown, options: Readonly<Record<string, unknown>>): Promise<unknown>;
}

/** Pauses, in milliseconds, in which a transaction that has added an event is looked for; after those it is left to the rounds. */
const PAUSES = [20, 100, 500, 2_500];
/** Tenants that one round looks at together. */
const TOGETHER = 4;

const NO_TENANT = '`list()` of the registry gave an entry without a usable `id`. The outbox leaves it out.';

const logger = new Logger('Tenancy');

/**
 * Takes events from the outbox to their queues, each as its own tenant: soon after a transaction of this process, and in rounds
 * through all tenants, for what a process that ended has left. Several processes may do it at once.
 */
@Injectable()
export class OutboxRelay implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly queues = new Map<string, Queue>();
  private readonly expected = new Map<string, Set<string>>();
  private readonly draining = new Map<string, Promise<void>>();
  private readonly timers = new Set<NodeJS.Timeout>();
  private round: Promise<void> = Promise.resolve();
  private ended = false;

  constructor(
    @Inject(OUTBOX_OPTIONS) private readonly options: OutboxOptions,
    @Inject(TenantRegistry) private readonly registry: TenantRegistry,
    @Inject(RESOLVED_OPTIONS) private readonly tenancy: ResolvedTenancyOptions,
    @Inject(ModuleRef) private readonly modules: ModuleRef,
  ) {}

  /** @throws `tenancy_misconfigured` for a queue that is not registered, or a registry that cannot list its tenants. */
  onApplicationBootstrap(): void {
    if (this.options.every === false) return;
    if (typeof this.tenancy.registry.list !== 'function') {
      throw new TenancyConfigurationError(
        'TenancyModule.registry',
        'has no list(), which the outbox needs to find what a process that ended has left',
        'Implement list(), or set `every: false` where another process delivers.',
      );
    }
    for (const name of this.options.queues) this.queues.set(name, this.queue(name));
    this.startRound();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.ended = true;
    for (const timer of this.timers) clearTimeout(timer);
    await Promise.allSettled([this.round, ...this.draining.values()]);
  }

  /** Told of an event that a transaction has added, which may yet be rolled back. */
  expect(tenantId: string, eventId: string): void {
    if (this.options.every === false) return;
    const waiting = this.expected.get(tenantId);
    if (waiting) {
      waiting.add(eventId);
      return;
    }
    this.expected.set(tenantId, new Set([eventId]));
    this.look(tenantId, 0);
  }

  private look(tenantId: string, tries: number): void {
    const pause = PAUSES[tries];
    if (pause === undefined) {
      this.expected.delete(tenantId);
      return;
    }
    this.later(pause, async () => {
      await this.drain(tenantId);
      if (this.expected.get(tenantId)?.size === 0) this.expected.delete(tenantId);
      else this.look(tenantId, tries + 1);
    });
  }

  private later(ms: number, work: () => Promise<void>): void {
    if (this.ended) return;
    outsideAnyTenant(() => {
      const timer = setTimeout(() => {
        this.timers.delete(timer);
        void work();
      }, ms);
      this.timers.add(timer.unref());
    });
  }

  private startRound(): void {
    this.round = outsideAnyTenant(() => this.goRound());
    void this.round.then(() => this.later(Number(this.options.every), async () => this.startRound()));
  }

  private async goRound(): Promise<void> {
    try {
      const tenants = listedTenants(this.registry)[Symbol.asyncIterator]();
      await Promise.all(
        Array.from({ length: TOGETHER }, async () => {
          for (let next = await tenants.next(); !next.done && !this.ended; next = await tenants.next()) {
            if (!isListed(next.value)) logger.error(NO_TENANT);
            else if ((next.value.status ?? 'active') === 'active') await this.drain(next.value.id);
          }
        }),
      );
    } catch (error) {
      logger.error('The outbox could not go through the tenants, and will try again.', error);
    }
  }

  /** Delivers what `tenantId` has, once at a time. It never rejects. */
  private drain(tenantId: string): Promise<void> {
    const running = this.draining.get(tenantId);
    if (running) return running;
    const drained = outsideAnyTenant(() => this.deliverAll(tenantId)).finally(() => this.draining.delete(tenantId));
    this.draining.set(tenantId, drained);
    return drained;
  }

  private async deliverAll(tenantId: string): Promise<void> {
    try {
      const tenant = await activeTenant(this.registry, tenantId);
      // One that cannot be delivered lets the others by; a queue that takes none is left alone until later.
      for (let more = true, fails = 0; more && fails < 2 && !this.ended; ) {
        const drained = await enter({ tenant, refusal: null }, () =>
          this.options.store.drain((event) => this.deliver(event)),
        );
        this.settle(tenantId, drained);
        more = drained.more;
        fails = drained.failed.length === 0 ? 0 : fails + 1;
      }
    } catch (error) {
      // It waits for its tenant to be active again.
      if (isTenancyError(error, 'tenant_inactive') || isTenancyError(error, 'tenant_required')) return;
      logger.error(`The outbox of tenant ${tenantId} could not be read, and will be tried again.`, error);
    }
  }

  private settle(tenantId: string, { delivered, failed }: Drained): void {
    const waiting = this.expected.get(tenantId);
    for (const id of delivered) waiting?.delete(id);
    for (const { id, attempts, error } of failed) {
      waiting?.delete(id);
      const why = error instanceof Error ? error.message : String(error);
      logger.error(`The event ${id} of tenant ${tenantId} could not be delivered (attempt ${attempts}): ${why}`);
      // Not left to the rounds alone, which may be further apart.
      this.later(pauseAfter(attempts) * 1_000, () => this.drain(tenantId));
    }
  }

  private async deliver({ id, queue, name, data, options }: OutboxEvent): Promise<void> {
    const to = this.queues.get(queue);
    if (!to) throw new Error(`The queue ${queue} is none of the outbox's \`queues\`.`);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`The queue ${queue} did not answer in time.`)), this.options.timeout);
    });
    try {
      await Promise.race([to.add(name, data, { jobId: id, ...options }), late]);
    } finally {
      clearTimeout(timer);
    }
  }

  private queue(name: string): Queue {
    try {
      // The token of `getQueueToken(name)` of @nestjs/bullmq.
      return this.modules.get<Queue>(`BullQueue_${name}`, { strict: false });
    } catch {
      throw new TenancyConfigurationError(
        'TenantOutboxModule.queues',
        `names the queue "${name}", which is not registered`,
        `Import \`BullModule.registerQueue({ name: '${name}' })\`, or take it out.`,
      );
    }
  }
}
