import { Logger } from '@nestjs/common';
import { enter, outsideAnyTenant } from '../context/enter.js';
import type { TenantRegistry } from '../registry/tenant-registry.js';
import type { TenantEvent, TenantEventKind, TenantEventSource } from './tenant-event.js';

const logger = new Logger('TenantLifecycle');

/** Parts of a {@link TenantHook}. */
export interface HookParts {
  readonly name: string;
  readonly kinds: readonly TenantEventKind[];
  readonly source: TenantEventSource;
  /** The application's own registry, which no cache stands before. */
  readonly registry: TenantRegistry;
  /** Milliseconds between two rounds. */
  readonly every: number;
  readonly call: (event: TenantEvent) => unknown;
}

/** A method that hears of events: delivered when it is told that something has happened, and in rounds. */
export class TenantHook {
  readonly #parts: HookParts;
  readonly #end = new AbortController();
  #running: Promise<void> | undefined;
  #isAgain = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(parts: HookParts) {
    this.#parts = parts;
  }

  get name(): string {
    return this.#parts.name;
  }

  /** Delivers what there is, or once more when the round under way is over. */
  wake(): void {
    if (this.#end.signal.aborted) return;
    this.#isAgain = true;
    this.#running ??= outsideAnyTenant(() => this.#rounds()).finally(() => {
      this.#running = undefined;
    });
  }

  /** Ends it, when the event in hand is done. */
  async close(): Promise<void> {
    this.#end.abort();
    clearTimeout(this.#timer);
    await this.#running;
  }

  async #rounds(): Promise<void> {
    clearTimeout(this.#timer);
    const { every } = this.#parts;
    let pause = every;
    while (this.#isAgain && !this.#end.signal.aborted) {
      this.#isAgain = false;
      pause = Math.min(every, (await this.#round()) ?? every);
    }
    if (!this.#end.signal.aborted) this.#timer = setTimeout(() => this.wake(), Math.max(pause, 1)).unref();
  }

  /** @returns the milliseconds until the next one is due. */
  async #round(): Promise<number | null> {
    const { name, kinds, source } = this.#parts;
    try {
      const handle = (event: TenantEvent) => this.#handle(event);
      const result = await source.deliverEvents({ consumer: name, kinds, handle, signal: this.#end.signal });
      for (const { event, error } of result?.failed ?? []) {
        logger.error(
          `${name} failed for the event ${event.kind} of the tenant ${event.tenantId}, and is called again.`,
          error,
        );
      }
      return result?.dueIn ?? null;
    } catch (error) {
      logger.error(`Events for ${name} could not be read, and are read again.`, error);
      return null;
    }
  }

  async #handle(event: TenantEvent): Promise<void> {
    const { registry, call } = this.#parts;
    const tenant = event.kind === 'deleted' ? null : await registry.findById(event.tenantId);
    if (tenant) await enter({ tenant, refusal: null }, () => call(event));
    else await call(event);
  }
}
