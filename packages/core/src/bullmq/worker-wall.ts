import { enter, outsideAnyTenant } from '../context/enter.js';
import { storage, storeFor } from '../context/storage.js';
import { STAMP } from '../stamp/stamp.js';
import type { Tenant } from '../tenant.js';
import { type Admission, admitJob, refusedJob } from './admission.js';
import type { Placed } from './fairness/turn-again.js';
import { stampedTenant } from './job-stamp.js';
import { buildJobWall } from './job-wall.js';
import { givenId, storedIds } from './own-ids.js';
import { isRawJob, type Raw } from './raw.js';
import { isHeard, tell } from './wall.js';
import type { Wiring } from './wiring.js';

/** Kept on the job itself, behind its wall: an entry of a WeakMap for each job costs several times as much. */
const ADMISSION = Symbol('admission');

/** The part between a worker and its processor and listeners. */
export class WorkerWall {
  readonly wall: Raw;
  /** Runs without a tenant on purpose. */
  untenanted: boolean;
  readonly #worker: Raw;
  readonly #wiring: Wiring;
  /** The tenant of each job that runs here, by its stored id. */
  readonly #running = new Map<string, string>();

  constructor(worker: Raw, wall: Raw, wiring: Wiring) {
    this.wall = wall;
    this.untenanted = wiring.shared.has(worker['name'] as string);
    this.#worker = worker;
    this.#wiring = wiring;
  }

  /** Q1: runs `call` with what the processor is given, as the tenant of the job, or as nobody. */
  process(job: Raw, call: (seen: Raw) => unknown): unknown {
    if (this.untenanted) return outsideAnyTenant(() => call(this.#forNobody(job)));
    const admission = this.#admit(job);
    const begin = (known: Admission): Promise<unknown> => {
      if ('refusal' in known) return Promise.reject(refusedJob(this.#queueName, job, known.refusal));
      const { tenant } = known;
      // The tenant is entered in the child, and what comes from there comes on a channel that all tenants share.
      if (this.#worker['childPool'])
        return outsideAnyTenant(() => this.#run(job, tenant, call, this.#forChild(job, tenant)));
      const seen = buildJobWall(job, { tenantId: tenant.id });
      return storage.run(storeFor(tenant), () => this.#run(job, tenant, call, seen));
    };
    return admission instanceof Promise ? admission.then(begin) : begin(admission);
  }

  /** In the context of the job, so that what the processor returns is awaited there: it may be lazy (C1). */
  async #run(job: Raw, tenant: Tenant, call: (seen: Raw) => unknown, seen: Raw): Promise<unknown> {
    const { fairness } = this.#wiring;
    const queue = { producer: this.#worker, name: this.#queueName };
    fairness?.started(queue);
    const id = job['id'] as string;
    this.#running.set(id, tenant.id);
    try {
      return await call(seen);
    } catch (error) {
      if (fairness && isTriedAgain(job, error)) {
        await outsideAnyTenant(() => fairness.again(job as unknown as Placed));
      }
      throw error;
    } finally {
      const placing = fairness?.ending(queue);
      if (placing) await placing;
      this.#running.delete(id);
    }
  }

  /** Cancels a job of `tenant` that runs here, by the id that the application knows. */
  cancel(tenant: Tenant, given: string, reason?: string): boolean {
    const own = storedIds(tenant.id, given).find((stored) => this.#running.get(stored) === tenant.id);
    return own !== undefined && (this.#worker['cancelJob'](own, reason) as boolean);
  }

  /** True when somebody heard it. Q4: an event about a job is told as the tenant of that job. */
  tell(event: string | symbol, args: readonly unknown[]): boolean {
    if (!isHeard(this.wall, event)) return false;
    const [about] = args;
    if (isRawJob(about)) this.#tellOf(about, event, args.slice(1));
    else if (event === 'stalled' && typeof about === 'string') {
      this.#tellOfId(about, event, args.slice(1)).catch((error: unknown) => this.tell('error', [error]));
    } else return outsideAnyTenant(() => tell(this.wall, event, args));
    return true;
  }

  get #queueName(): string {
    return this.#worker['name'] as string;
  }

  /** A job that answers wherever it is asked: what runs has no tenant, or is in another process. */
  #anywhere(job: Raw): Raw {
    return buildJobWall(job, {
      tenantId: stampedTenant(this.#queueName, job, this.#wiring.secrets),
      anywhere: true,
    });
  }

  #forNobody = (job: Raw): Raw => (this.#worker['childPool'] ? this.#forChild(job, null) : this.#anywhere(job));

  #forChild(job: Raw, tenant: Tenant | null): Raw {
    const seen = this.#anywhere(job);
    const json = seen['asJSONSandbox'] as () => Raw;
    seen['asJSONSandbox'] = () => ({ ...json(), [STAMP]: tenant && { ...tenant } });
    return seen;
  }

  /** Once for each time that a job runs: the events around it are of one tenant, as it was looked up. */
  #admit(job: Raw): Admission | Promise<Admission> {
    const admitted = job as { [ADMISSION]?: Admission | Promise<Admission> };
    if (admitted[ADMISSION]) return admitted[ADMISSION];
    const admission = admitJob(this.#queueName, job, this.#wiring);
    admitted[ADMISSION] = admission;
    if (admission instanceof Promise) {
      admission.then(
        (known) => {
          admitted[ADMISSION] = known;
        },
        () => {},
      );
    }
    return admission;
  }

  #tellOf(job: Raw, event: string | symbol, more: readonly unknown[]): void {
    const as = (tenant: Tenant | undefined) =>
      this.#tellAs(tenant, event, (owner) => [buildJobWall(job, owner), ...more]);
    if (this.untenanted) {
      outsideAnyTenant(() => tell(this.wall, event, [this.#anywhere(job), ...more]));
      return;
    }
    const known = (admission: Admission) => as('tenant' in admission ? admission.tenant : undefined);
    const admission = this.#admit(job);
    // `active` comes before the look-up. What waits for it here is told before the processor starts.
    if (admission instanceof Promise) admission.then(known, () => as(undefined));
    else known(admission);
  }

  async #tellOfId(id: string, event: string | symbol, more: readonly unknown[]): Promise<void> {
    const { Job } = this.#worker as { Job: { fromId(queue: Raw, id: string): Promise<Raw | undefined> } };
    const job = await outsideAnyTenant(() => Job.fromId(this.#worker, id).catch(() => undefined));
    const admission = job && !this.untenanted ? await admitJob(this.#queueName, job, this.#wiring) : undefined;
    const tenant = admission && 'tenant' in admission ? admission.tenant : undefined;
    this.#tellAs(tenant, event, ({ tenantId }) => [givenId(tenantId, id), ...more]);
  }

  #tellAs(
    tenant: Tenant | undefined,
    event: string | symbol,
    args: (owner: { tenantId: string | null; anywhere?: boolean }) => readonly unknown[],
  ): void {
    if (tenant) enter(storeFor(tenant), () => void tell(this.wall, event, args({ tenantId: tenant.id })));
    else outsideAnyTenant(() => tell(this.wall, event, args({ tenantId: null, anywhere: true })));
  }
}

/** BullMQ's own ways to leave the processor are no failures. */
const LEFT = ['UnrecoverableError', 'DelayedError', 'WaitingError', 'WaitingChildrenError', 'RateLimitError'];

const isTriedAgain = (job: Raw, error: unknown): boolean =>
  (job['attemptsMade'] as number) + 1 < Number((job['opts'] as Raw)['attempts'] ?? 1) &&
  !LEFT.includes((error as Error | undefined)?.name ?? '') &&
  (error as Error | undefined)?.message !== 'bullmq:rateLimitExceeded';
