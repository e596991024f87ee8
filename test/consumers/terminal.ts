import { type ChildProcess, spawn } from 'node:child_process';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { stripVTControlCharacters } from 'node:util';

/** A folder and variables, as a person's terminal has them: `cd` and `export` stay for the next command. */
export interface Terminal {
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
}

/** The end of a block: the terminal as it is then, and what was printed. */
export interface Done {
  readonly terminal: Terminal;
  readonly code: number | null;
  readonly stdout: string;
  /** All that was printed. */
  readonly output: string;
}

/** Runs a block in a shell that stops at the first command that fails. */
export async function typed({ folder, env }: Terminal, code: string): Promise<Done> {
  const state = join(folder, `.terminal-${process.pid}`);
  const script = `set -eo pipefail\n${code}\n{ pwd; env -0; } >"$STATE"`;
  const child = spawn('bash', ['-c', script], { cwd: folder, env: { ...env, STATE: state }, detached: true });
  const printed = printedBy(child);
  const timer = globalThis.setTimeout(() => signal(child, 'SIGKILL'), 540_000);
  const exit = await new Promise<number | null>((resolve) => child.once('close', resolve));
  clearTimeout(timer);
  const left = await readFile(state, 'utf8').catch(() => null);
  await rm(state, { force: true });
  return { terminal: left === null ? { folder, env } : stateOf(left), code: exit, ...printed };
}

function stateOf(text: string): Terminal {
  const end = text.indexOf('\n');
  const variables = text
    .slice(end + 1)
    .split('\0')
    .filter((line) => line.includes('='));
  const env = Object.fromEntries(
    variables.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
  return { folder: text.slice(0, end), env: { ...env, STATE: undefined } };
}

/** A command that somebody leaves running in a terminal of its own. */
export class Running {
  readonly #child: ChildProcess;
  readonly #printed: { readonly output: string };
  readonly #ended: Promise<void>;

  constructor(
    readonly terminal: Terminal,
    command: string,
  ) {
    const { folder, env } = terminal;
    this.#child = spawn('bash', ['-c', command], { cwd: folder, env, detached: true });
    this.#printed = printedBy(this.#child);
    this.#ended = new Promise((resolve) => this.#child.once('close', () => resolve()));
  }

  /** Waits until it has printed what `isThere` looks for. @throws with all it printed where it ends before. */
  async until(isThere: (output: string) => boolean): Promise<void> {
    for (const end = Date.now() + 300_000; !isThere(this.#printed.output); await setTimeout(100)) {
      if (this.#child.exitCode !== null || Date.now() > end) {
        throw new Error(`It has not printed what was waited for:\n${this.#printed.output}`);
      }
    }
  }

  /** Ctrl-C, and the end of it and of all that it has started. */
  async interrupt(): Promise<void> {
    signal(this.#child, 'SIGINT');
    const killed = globalThis.setTimeout(() => signal(this.#child, 'SIGKILL'), 20_000);
    await this.#ended;
    clearTimeout(killed);
    if (signal(this.#child, 'SIGKILL')) throw new Error(`Ctrl-C left something running:\n${this.#printed.output}`);
  }
}

/** Sends it to all of the group. @returns false where nobody is there any more. */
function signal({ pid }: ChildProcess, name: NodeJS.Signals): boolean {
  try {
    return pid !== undefined && process.kill(-pid, name);
  } catch {
    return false;
  }
}

function printedBy({ stdout, stderr }: ChildProcess) {
  const printed = { stdout: '', output: '' };
  const add = (isStdout: boolean) => (chunk: Buffer) => {
    const text = stripVTControlCharacters(String(chunk));
    printed.output += text;
    if (isStdout) printed.stdout += text;
  };
  stdout?.on('data', add(true));
  stderr?.on('data', add(false));
  return printed;
}
