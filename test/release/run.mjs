import { spawn } from 'node:child_process';

/** Runs a command to its end: its exit code and all that it printed. Nothing that ran this process is passed on to npm. */
export function run(command, args, cwd, more = {}) {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(npm_|pnpm_|NODE_OPTIONS$|NODE_PATH$)/i.test(name),
  );
  const env = { ...Object.fromEntries(inherited), CI: 'true', NO_COLOR: '1', ...more };
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text) => {
      stderr += text;
    });
    child.once('error', (error) => resolve({ code: 1, stdout, stderr: `${stderr}${error.message}` }));
    child.once('close', (code) => resolve({ code: code ?? 1, stdout, stderr }));
  });
}

/** The last lines of what a command said, which is where it says what is wrong. */
export const ending = ({ stdout, stderr }, lines = 12) => `${stdout}\n${stderr}`.trim().split('\n').slice(-lines);
