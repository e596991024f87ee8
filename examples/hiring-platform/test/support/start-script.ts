import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const example = fileURLToPath(new URL('../..', import.meta.url));

/** A pnpm: where none started the tests, there may be none on the path. */
const PNPM = process.env['npm_config_user_agent']?.startsWith('pnpm/')
  ? (['pnpm'] as const)
  : (['npx', '--yes', 'pnpm@12'] as const);

/** As `pnpm start` runs it once everything is built: pnpm, and the program below it. */
export const THROUGH_PNPM = [...PNPM, '--filter', 'hiring-platform', 'exec', 'node', 'dist/main.js'] as const;
export const DIRECTLY = [process.execPath, 'dist/main.js'] as const;

/** The start script in a process group of its own, with a temporary folder that shows what it leaves behind. */
export class StartScript {
  output = '';
  private constructor(
    readonly child: ChildProcess,
    private readonly temporary: string,
  ) {
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (this.output += chunk));
  }

  static async run(
    temporary: string,
    environment: NodeJS.ProcessEnv,
    [command, ...args]: readonly [string, ...string[]] = DIRECTLY,
  ): Promise<StartScript> {
    const { DATABASE_URL: _, JWT_SECRET: __, NODE_PATH: ___, ...inherited } = process.env;
    const env = { ...inherited, TMPDIR: temporary, ...environment };
    return new StartScript(spawn(command, args, { cwd: example, env, detached: true }), temporary);
  }

  /** Waits until the instructions are printed. */
  async ready(): Promise<this> {
    while (!this.output.includes('Ctrl-C stops it')) {
      if (this.child.exitCode !== null || this.child.signalCode !== null)
        throw new Error(`The start script ended:\n${this.output}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return this;
  }

  get port(): number {
    return Number(/http:\/\/acme\.localhost:(\d+)/.exec(this.output)?.[1]);
  }

  /** As the terminal does on Ctrl-C: the signal goes to every process of the group. */
  signalGroup(signal: NodeJS.Signals): void {
    process.kill(-(this.child.pid as number), signal);
  }

  async exited(): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
    if (this.child.exitCode === null && this.child.signalCode === null) await once(this.child, 'exit');
    return { code: this.child.exitCode, signal: this.child.signalCode };
  }

  /** The process ids of the databases that run, and the folders that are there. */
  async traces(): Promise<{ postmasters: number[]; directories: string[] }> {
    const directories = await readdir(this.temporary);
    const pidFiles = directories.map((name) => join(this.temporary, name, 'data', 'postmaster.pid'));
    const pids = await Promise.all(pidFiles.map((file) => readFile(file, 'utf8').catch(() => '')));
    return { directories, postmasters: pids.filter(Boolean).map((text) => Number.parseInt(text, 10)) };
  }
}

/** A temporary folder in which the account of the database may create its own. */
export async function temporaryFolder(): Promise<{ path: string; delete(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'hiring-platform-'));
  await chmod(path, 0o777);
  return { path, delete: () => rm(path, { recursive: true, force: true }) };
}

export function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
