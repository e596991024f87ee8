import { TenantContext } from '../context/tenant-context.js';
import { storedIds } from './own-ids.js';
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
export const workerMembers: Members = {
  ...Object.fromEntries(HARMLESS.map((name) => [name, harmless(name)])),
  waitUntilReady: (worker) => async () => void (await worker['waitUntilReady']()),
  // Of the jobs that run here: by the id that the application knows.
  cancelJob: (worker) => (id: string, reason?: string) =>
    storedIds(context.tenantId, id).some((stored) => worker['cancelJob'](stored, reason) as boolean),
};
