import { ownPriority } from './fairness/own-priority.js';
import { type Placed, turnAgain } from './fairness/turn-again.js';
import { byGivenKeys, seenJson } from './job-seen.js';
import { givenKey } from './own-ids.js';
import type { Raw } from './raw.js';

/** One thing that a job does for its owner. */
type JobMethod = (raw: Raw, args: readonly unknown[], tenantId: string | null) => unknown;

/** Fields of a job that may be read. */
export const JOB_FIELDS: ReadonlySet<string> = new Set([
  ...['id', 'name', 'data', 'opts', 'progress', 'returnvalue', 'stacktrace', 'delay', 'priority', 'timestamp', 'token'],
  ...['attemptsStarted', 'attemptsMade', 'stalledCounter', 'finishedOn', 'processedOn', 'processedBy', 'failedReason'],
  ...['deferredFailure', 'parent', 'parentKey', 'deduplicationId', 'debounceId', 'repeatJobKey', 'nextRepeatableJobId'],
  ...['queue', 'queueName', 'queueQualifiedName', 'prefix', 'discarded'],
]);

/** Fields that a processor or a listener may set, for those that see the same job after it. */
export const WRITABLE_FIELDS: ReadonlySet<string> = new Set([
  ...[
    'name',
    'data',
    'progress',
    'returnvalue',
    'stacktrace',
    'failedReason',
    'token',
    'delay',
    'priority',
    'attemptsMade',
  ],
]);

const same =
  (method: string): JobMethod =>
  (raw, args) =>
    raw[method](...args);

const SAME = [
  ...['isCompleted', 'isFailed', 'isDelayed', 'isWaitingChildren', 'isActive', 'isWaiting', 'isInState', 'isInZSet'],
  ...[
    'isInList',
    'getState',
    'updateData',
    'updateProgress',
    'log',
    'clearLogs',
    'remove',
    'removeUnprocessedChildren',
  ],
  ...['removeChildDependency', 'extendLock', 'moveToDelayed', 'moveToWait', 'moveToWaitingChildren', 'changeDelay'],
  ...['promote', 'discard', 'removeDeduplicationKey', 'getDependenciesCount', 'waitUntilFinished'],
];

const valuesOf =
  (method: string): JobMethod =>
  async (raw, args, tenantId) =>
    byGivenKeys((await raw[method](...args)) as Record<string, unknown>, tenantId);

/** BullMQ answers with the job that is to run next, whose ever that is. */
const withoutNext =
  (method: string): JobMethod =>
  async (raw, [outcome, token]) => {
    await raw[method](outcome, token, false);
  };

const dependencies: JobMethod = async (raw, args, tenantId) => {
  const found = (await raw['getDependencies'](...args)) as Raw;
  const seen: Raw = { ...found };
  for (const [group, jobs] of Object.entries(found)) {
    if (Array.isArray(jobs)) seen[group] = jobs.map((key: unknown) => givenKey(tenantId, key));
    else if (typeof jobs === 'object' && jobs !== null) seen[group] = byGivenKeys(jobs as Raw, tenantId);
  }
  return seen;
};

/** True for a job of a fair queue. */
const hasTurn = (raw: Raw): boolean => (raw['opts'] as Raw)['tenancyTurn'] !== undefined;

/** The methods of a job that are its owner's. All others are refused. */
export const JOB_METHODS: Readonly<Record<string, JobMethod>> = {
  ...Object.fromEntries(SAME.map((method) => [method, same(method)])),
  changePriority: async (raw, args) => {
    // Q10: it would go before the jobs of every other tenant, or wait behind them.
    if (hasTurn(raw)) throw ownPriority(raw['queueName'] as string);
    await raw['changePriority'](...args);
  },
  retry: async (raw, args) => {
    if (hasTurn(raw)) await turnAgain(raw as unknown as Placed);
    await raw['retry'](...args);
  },
  getChildrenValues: valuesOf('getChildrenValues'),
  getIgnoredChildrenFailures: valuesOf('getIgnoredChildrenFailures'),
  getFailedChildrenValues: valuesOf('getFailedChildrenValues'),
  getDependencies: dependencies,
  moveToCompleted: withoutNext('moveToCompleted'),
  moveToFailed: withoutNext('moveToFailed'),
  asJSON: (raw, _, tenantId) => seenJson(raw['asJSON']() as Raw, tenantId),
  asJSONSandbox: (raw, _, tenantId) => seenJson(raw['asJSONSandbox']() as Raw, tenantId),
};
