import { TenantContext } from '../context/tenant-context.js';
import type { Tenant } from '../tenant.js';
import { findJob } from './find-job.js';
import { givenOptions, seenError } from './job-seen.js';
import { buildJobWall } from './job-wall.js';
import { givenId, ownId } from './own-ids.js';
import { askFor, jobOptions, templateOptions } from './own-options.js';
import type { Raw } from './raw.js';
import type { Producing } from './turns.js';
import { harmless, type Member, type Members } from './wall.js';
import type { Wiring } from './wiring.js';

interface Bulk {
  readonly name: string;
  readonly data: unknown;
  readonly opts?: Raw;
}

const context = new TenantContext();

/** Members that tell of the queue itself and of nobody's jobs. */
const HARMLESS = [
  ...[
    'name',
    'opts',
    'qualifiedName',
    'closing',
    'closed',
    'libName',
    'token',
    'defaultJobOptions',
    'close',
    'disconnect',
  ],
  ...[
    'isPaused',
    'getMeta',
    'getVersion',
    'getGlobalConcurrency',
    'getGlobalRateLimit',
    'getWorkersCount',
    'base64Name',
    'clientName',
  ],
];

/** The members of a queue that are the tenant's own. All others are refused: they reach everybody's jobs. */
export function queueMembers(wiring: Wiring): Members {
  const producing = (queue: Raw): Producing => ({
    client: queue,
    queueName: queue['name'] as string,
    tenant: context.current(),
    wiring,
  });
  const seen = (job: Raw | undefined, tenant: Tenant) => job && buildJobWall(job, { tenantId: tenant.id });

  /** A method about one job, by its id. */
  const ofJob =
    (method: string, missing: unknown): Member =>
    (queue) =>
    async (id: unknown, ...args: unknown[]) => {
      const tenant = context.current();
      const job = await findJob(queue, tenant, id, wiring);
      if (!job) return missing;
      try {
        return await (queue[method](job['id'], ...args) as unknown);
      } catch (error) {
        throw seenError(error, tenant.id);
      }
    };

  /** A method about something that has a name which the application gives. */
  const named =
    (method: string): Member =>
    (queue) =>
    async (id: string) =>
      await (queue[method](ownId(context.tenantId, id)) as unknown);

  const jobIdOf =
    (method: string): Member =>
    (queue) =>
    async (id: string) => {
      const { id: tenantId } = context.current();
      return givenId(tenantId, await (queue[method](ownId(tenantId, id)) as unknown));
    };

  return {
    ...Object.fromEntries(HARMLESS.map((name) => [name, harmless(name)])),
    // BullMQ 5 answers with its client.
    waitUntilReady: (queue) => async () => void (await queue['waitUntilReady']()),

    add: (queue) => async (name: string, data: unknown, opts?: Raw) => {
      const at = producing(queue);
      const asking = askFor(at, [opts], queue['jobsOpts'] as Raw);
      const own = jobOptions(at, opts, queue['jobsOpts'] as Raw, asking ? (await asking)[0] : {});
      return seen((await queue['add'](name, data, own)) as Raw, at.tenant);
    },
    addBulk: (queue) => async (jobs: readonly Bulk[]) => {
      const at = producing(queue);
      const given = jobs.map(({ opts }) => opts);
      const asking = askFor(at, given, queue['jobsOpts'] as Raw);
      const asked = asking ? await asking : [];
      const own = jobs.map((job, index) => ({
        ...job,
        opts: jobOptions(at, job.opts, queue['jobsOpts'] as Raw, asked[index]),
      }));
      return ((await queue['addBulk'](own)) as Raw[]).map((job) => seen(job, at.tenant));
    },
    upsertJobScheduler:
      (queue) =>
      async (id: string, repeat: unknown, template: Partial<Bulk> = {}) => {
        const at = producing(queue);
        const asking = askFor(at, [template.opts], queue['jobsOpts'] as Raw, true);
        const [asked] = asking ? await asking : [];
        const key = ownId(at.tenant.id, id);
        const opts = templateOptions(at, key, template.opts, queue['jobsOpts'] as Raw, asked);
        const job = await queue['upsertJobScheduler'](key, repeat, { ...template, name: template.name ?? id, opts });
        return seen(job as Raw | undefined, at.tenant);
      },
    getJobScheduler: (queue) => async (id: string) => {
      const { id: tenantId } = context.current();
      const found = (await queue['getJobScheduler'](ownId(tenantId, id))) as Raw | undefined;
      if (!found) return found;
      const template = found['template'] as { readonly opts?: Raw } | undefined;
      const { opts: stored, ...others } = template ?? {};
      const opts = givenOptions(stored, tenantId);
      // Where nothing is left, nothing was given.
      const isGiven = opts !== undefined && Object.keys(opts).length > 0;
      return { ...found, key: id, ...(template && { template: { ...others, ...(isGiven && { opts }) } }) };
    },
    removeJobScheduler: named('removeJobScheduler'),

    getJob: (queue) => async (id: unknown) => {
      const tenant = context.current();
      return seen(await findJob(queue, tenant, id, wiring), tenant);
    },
    remove: ofJob('remove', 1),
    getJobState: ofJob('getJobState', 'unknown'),
    getJobLogs: ofJob('getJobLogs', { logs: [], count: 0 }),
    addJobLog: ofJob('addJobLog', 0),
    updateJobProgress: ofJob('updateJobProgress', undefined),

    removeDeduplicationKey: named('removeDeduplicationKey'),
    removeDebounceKey: named('removeDebounceKey'),
    getDeduplicationJobId: jobIdOf('getDeduplicationJobId'),
    getDebounceJobId: jobIdOf('getDebounceJobId'),
  };
}
