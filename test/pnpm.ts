import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/**
 * The pnpm that started this run (also through `npx --yes pnpm@12 test`), the one on the path, or, where a test runner was
 * started by itself on a machine without pnpm, the one that the README's commands fetch.
 */
export function pnpmCommand(): readonly [string, ...string[]] {
  const { npm_execpath: file, npm_config_user_agent: agent, PATH = '' } = process.env;
  if (file && agent?.startsWith('pnpm/')) return /\.[cm]?js$/.test(file) ? [process.execPath, file] : [file];
  if (PATH.split(delimiter).some((folder) => existsSync(join(folder, 'pnpm')))) return ['pnpm'];
  return ['npx', '--yes', 'pnpm@12'];
}

/** The environment that a consumer's own shell would have: nothing of the run that this one is part of. */
export function environment(): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(VITEST|NODE_ENV$|NODE_OPTIONS$|NODE_PATH$|TEST$|PROD$|DEV$|MODE$|FORCE_COLOR$)/.test(name),
  );
  // Without CI, pnpm asks a terminal that is not there.
  return { ...Object.fromEntries(inherited), CI: 'true', NO_COLOR: '1' };
}

/**
 * Runs pnpm in `directory` and answers with what it printed.
 *
 * @throws with that output when it fails.
 */
export async function pnpm(directory: string, ...args: readonly string[]): Promise<string> {
  return run([...pnpmCommand(), ...args], directory);
}

/** Runs `command` in `directory`, on the same terms as {@link pnpm}. */
export async function run(command: readonly string[], directory: string): Promise<string> {
  const { code, stdout, stderr } = await ended(command, directory);
  if (code === 0) return stdout + stderr;
  throw new Error(`${command.join(' ')} failed in ${directory}:\n${stdout}\n${stderr}`);
}

/** The end of a command: its exit code, null where it was killed, and what it printed. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `command` in `directory` as {@link run} does, whatever it ends with. */
export async function ended([file = '', ...args]: readonly string[], directory: string): Promise<Ended> {
  try {
    const { stdout, stderr } = await execute(file, args, {
      cwd: directory,
      env: environment(),
      maxBuffer: 64 * 1024 * 1024,
      // Sooner than the test that waits for it, so that nothing still writes where its directory is removed.
      timeout: 570_000,
      killSignal: 'SIGKILL',
    });
    return { code: 0, stdout, stderr };
  } catch (error) {
    const { code, stdout = '', stderr = '' } = error as { code?: unknown; stdout?: string; stderr?: string };
    // A command that is not there has a text for its code.
    if (typeof code === 'string' && stdout + stderr === '') throw error;
    return { code: typeof code === 'number' ? code : null, stdout, stderr };
  }
}
