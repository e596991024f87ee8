import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** A line of a process: it begins or ends the work for a tenant, at a tick. */
export interface Line {
  readonly what: string;
  readonly tick: number;
  readonly tenant: string;
  readonly pid: number;
}

/** Processes of one application that share a lock. */
export class Processes {
  readonly all: ChildProcess[] = [];
  readonly lines: Line[] = [];
  readonly said: string[] = [];

  /** Starts one, and waits until it is there. */
  async start(options: Readonly<Record<string, unknown>>): Promise<ChildProcess> {
    const child = spawn(process.execPath, [join(import.meta.dirname, 'process.mjs'), JSON.stringify(options)], {
      env: { ...process.env, NO_COLOR: '1' },
    });
    this.all.push(child);
    child.stderr.on('data', (data) => this.said.push(String(data)));
    await new Promise<void>((resolve, reject) => {
      child.once('exit', (code) => reject(new Error(`ended with ${code}: ${this.said.join('')}`)));
      createInterface({ input: child.stdout }).on('line', (line) => {
        if (line === 'ready') resolve();
        const [, what = '', tick, tenant = '', pid] = /^(begin|end) (\d+) (\S+) (\d+)$/.exec(line) ?? [];
        if (what) this.lines.push({ what, tick: Number(tick), tenant, pid: Number(pid) });
        else this.said.push(line);
      });
    });
    return child;
  }

  /** The runs of each tick and tenant that is named. */
  counts(what: string): Map<string, number> {
    const counts = new Map<string, number>();
    for (const line of this.lines.filter((one) => one.what === what)) {
      const key = `${line.tick} ${line.tenant}`;
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    return counts;
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    await Promise.all(
      this.all.map((child) => {
        if (child.exitCode !== null || child.signalCode !== null) return undefined;
        const gone = new Promise((resolve) => child.once('exit', resolve));
        child.kill(signal);
        return gone;
      }),
    );
  }
}
