import { ChildCommand, ParentCommand, UnrecoverableError } from 'bullmq';
import { outsideAnyTenant } from '../context/enter.js';
import type { Raw } from './raw.js';
import { isWrapped, PROBE } from './sandbox-messages.js';

/** BullMQ's handle of a child process or thread. */
interface Child {
  readonly processFile: string;
  on(event: 'message' | 'exit', listener: (message: { readonly cmd: unknown }) => void): void;
  off(event: 'message' | 'exit', listener: (message: { readonly cmd: unknown }) => void): void;
  send(message: object): Promise<void>;
}

interface ChildPool {
  retain(processFile: string): Promise<Child>;
  kill(child: Child): Promise<void>;
}

/**
 * Q8: a child that does not enter the tenant gets no job. It is asked before its first one; BullMQ loads the file and says so once
 * more, and what is wrapped has answered by then.
 */
export function guardChildren(worker: Raw, isUntenanted: () => boolean): void {
  const pool = worker['childPool'] as ChildPool | undefined;
  if (!pool) return;
  const wrapped = new WeakSet<Child>();
  const retain = pool.retain.bind(pool);
  // C6: its channel would deliver in the context of whoever made it.
  pool.retain = (file) =>
    outsideAnyTenant(async () => {
      const child = await retain(file);
      if (isUntenanted() || wrapped.has(child)) return child;
      if (await answers(child)) {
        wrapped.add(child);
        return child;
      }
      await pool.kill(child);
      throw new UnrecoverableError(
        `tenancy_misconfigured: ${file} does not enter the tenant of its jobs. ` +
          'Export `tenantProcessor(fn)` of @tenancy/core/bullmq by default.',
      );
    });
}

function answers(child: Child): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const end = () => {
      child.off('message', hear);
      child.off('exit', gone);
    };
    const hear = (message: { readonly cmd: unknown }) => {
      if (!isWrapped(message) && message.cmd !== ParentCommand.InitCompleted) return;
      end();
      resolve(isWrapped(message));
    };
    const gone = () => {
      end();
      reject(new Error('The child process ended before its first job.'));
    };
    child.on('message', hear);
    child.on('exit', gone);
    child.send(PROBE).then(() => child.send({ cmd: ChildCommand.Init, value: child.processFile }), reject);
  });
}
