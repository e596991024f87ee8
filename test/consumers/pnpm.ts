import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/** The pnpm that started this run (also through `npx pnpm test`), or the one on the path. */
function running(): [string, string[]] {
  const { npm_execpath: file, npm_config_user_agent: agent } = process.env;
  if (!file || !agent?.startsWith('pnpm/')) return ['pnpm', []];
  return /\.[cm]?js$/.test(file) ? [process.execPath, [file]] : [file, []];
}

/** What a consumer's own shell would have: nothing of the run that this one is part of. */
function environment(): NodeJS.ProcessEnv {
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
  const [file, first] = running();
  return run(file, [...first, ...args], directory);
}

/** Runs a script with this Node, on the same terms as {@link pnpm}. */
export async function node(directory: string, script: string): Promise<string> {
  return run(process.execPath, [script], directory);
}

async function run(file: string, args: readonly string[], cwd: string): Promise<string> {
  try {
    const { stdout, stderr } = await execute(file, [...args], {
      cwd,
      env: environment(),
      maxBuffer: 64 * 1024 * 1024,
      // Sooner than the test that waits for it, so that nothing still writes where its directory is removed.
      timeout: 170_000,
      killSignal: 'SIGKILL',
    });
    return stdout + stderr;
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    // Not as a cause: it would repeat all of the output, in escapes.
    throw new Error(`${args.join(' ')} failed in ${cwd}:\n${stdout}\n${stderr}`);
  }
}
