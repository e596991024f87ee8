import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Change } from '../../src/changes.js';

export interface Apart {
  /** Answers when it has begun to work: it takes most of its time to start. */
  readonly working: Promise<unknown>;
  /** Answers with its exit code, or null where it was killed. */
  readonly gone: Promise<number | null>;
  kill(): void;
}

/** A change that a process of its own makes. */
export function startApart(connection: string, wanted: Change, name?: string): Apart {
  const given = JSON.stringify({ connection, name, wanted });
  const child = spawn(process.execPath, [join(import.meta.dirname, 'killed.mjs'), given], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const gone = once(child, 'exit').then(([code]) => code as number | null);
  return {
    gone,
    working: Promise.race([once(child.stdout, 'data'), gone]),
    kill: () => void child.kill('SIGKILL'),
  };
}
