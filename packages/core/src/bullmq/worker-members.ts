import { TenantContext } from '../context/tenant-context.js';
import type { Tenant } from '../tenant.js';
import { harmless, type Members } from './wall.js';

const context = new TenantContext();

/** Members that are about the worker itself, whose ever job is next. */
const HARMLESS = [
  ...[
    'name',
    'opts',
    'id',
    'concurrency',
    'qualifiedName',
    'closing',
    'closed',
    'close',
    'disconnect',
    'run',
    'pause',
    'resume',
  ],
  ...['isPaused', 'isRunning', 'rateLimit', 'base64Name', 'clientName', 'startStalledCheckTimer', 'drained'],
];

/** The members of a worker that an application may use. All others are refused. */
export const workerMembers = (cancel: (tenant: Tenant, id: string, reason?: string) => boolean): Members => ({
  ...Object.fromEntries(HARMLESS.map((name) => [name, harmless(name)])),
  waitUntilReady: (worker) => async () => void (await worker['waitUntilReady']()),
  cancelJob: () => (id: string, reason?: string) => cancel(context.current(), id, reason),
});
