import { randomUUID } from 'node:crypto';
import { TenantContext } from '../context/tenant-context.js';
import type { Tenant } from '../tenant.js';
import { storedIdIn } from './find-job.js';
import { stampedTenant } from './job-stamp.js';
import { buildJobWall } from './job-wall.js';
import { askFor, jobOptions } from './own-options.js';
import type { Raw } from './raw.js';
import { refuseTenanted } from './shared-queue.js';
import { harmless, type Members } from './wall.js';
import type { Wiring } from './wiring.js';

/** A node of a flow, as BullMQ takes it. */
interface Flow {
  readonly name: string;
  readonly queueName: string;
  readonly data?: unknown;
  readonly prefix?: string;
  readonly opts?: Raw;
  readonly children?: readonly Flow[];
}

interface MadeFlow {
  readonly job: Raw;
  readonly children?: readonly MadeFlow[];
}

type QueueDefaults = Readonly<Record<string, { readonly defaultJobOptions?: Raw } | undefined>>;

const context = new TenantContext();

const HARMLESS = ['opts', 'closing', 'close', 'disconnect'];

/** The members of a flow producer that are the tenant's own. All others are refused. */
export function flowMembers(wiring: Wiring): Members {
  /** A flow is for nobody only where each of its jobs is. */
  const isShared = ({ queueName, children = [] }: Flow): boolean =>
    wiring.shared.has(queueName) && children.every(isShared);

  const own = async (client: Raw, tenant: Tenant, flow: Flow, defaults: QueueDefaults = {}): Promise<Flow> => {
    const { queueName, prefix, opts, children = [] } = flow;
    const at = { client, queueName, prefix, tenant, wiring };
    const given = defaults[queueName]?.defaultJobOptions;
    const asking = askFor(at, [opts], given, children.length > 0);
    const made = jobOptions(at, opts, given, asking ? (await asking)[0] : {});
    // Q13: a node without options has a stamp all the same.
    const nodes = await Promise.all(children.map((child) => own(client, tenant, child, defaults)));
    return { ...flow, opts: made, ...(flow.children && { children: nodes }) };
  };

  const seen = (flow: MadeFlow, tenantId: string): MadeFlow => ({
    ...flow,
    job: buildJobWall(flow.job, { tenantId }),
    ...(flow.children && { children: flow.children.map((child) => seen(child, tenantId)) }),
  });

  /** A job of another tenant cannot be below one's own; one that somebody has written there is left out. */
  const read = (flow: MadeFlow | undefined, tenantId: string): MadeFlow | undefined => {
    if (!flow || stampedTenant(flow.job['queueName'] as string, flow.job, wiring.secrets) !== tenantId)
      return undefined;
    const children = flow.children?.map((child) => read(child, tenantId)).filter((child) => child !== undefined);
    return { job: buildJobWall(flow.job, { tenantId }), ...(children && { children }) };
  };

  return {
    ...Object.fromEntries(HARMLESS.map((name) => [name, harmless(name)])),
    waitUntilReady: (producer) => async () => void (await producer['waitUntilReady']()),
    add: (producer) => async (flow: Flow, opts?: { readonly queuesOptions?: QueueDefaults }) => {
      if (isShared(flow)) return (await producer['add'](unstamped(flow), opts)) as unknown;
      const tenant = context.current();
      const made = await producer['add'](await own(producer, tenant, flow, opts?.queuesOptions), opts);
      return made && seen(made as MadeFlow, tenant.id);
    },
    addBulk: (producer) => async (flows: readonly Flow[]) => {
      if (flows.every(isShared)) return (await producer['addBulk'](flows.map(unstamped))) as unknown;
      const tenant = context.current();
      const own_ = await Promise.all(flows.map((flow) => own(producer, tenant, flow)));
      const made = (await producer['addBulk'](own_)) as readonly MadeFlow[] | undefined;
      return made?.map((flow) => seen(flow, tenant.id));
    },
    getFlow:
      (producer) => async (asked: { readonly id: string; readonly queueName: string; readonly prefix?: string }) => {
        const tenant = context.current();
        const { prefix = (producer['opts'] as { readonly prefix?: string }).prefix ?? 'bull' } = asked;
        const isOnRedis = isPrefixed(producer);
        const queue = isOnRedis ? `${prefix}:${asked.queueName}` : asked.queueName;
        const id = await storedIdIn(producer, queue, tenant, asked.id, wiring);
        if (id === undefined) return undefined;
        return read((await producer['getFlow']({ ...asked, id })) as MadeFlow | undefined, tenant.id);
      },
  };
}

function unstamped(flow: Flow): Flow {
  refuseTenanted(flow.opts);
  return { ...flow, ...(flow.children && { children: flow.children.map(unstamped) }) };
}

/** Redis has prefixes in the names of queues, and PostgreSQL none. */
function isPrefixed(producer: Raw): boolean {
  if (typeof producer['getBackend'] !== 'function') return true;
  const queue = randomUUID();
  return (producer['getBackend']()['forQueue'](queue, 'bull') as Raw)['qualifiedName'] !== queue;
}
