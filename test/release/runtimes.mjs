import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from './run.mjs';

const { platform, arch } = process;
const bunArch = arch === 'arm64' ? 'aarch64' : arch;
const denoHost = platform === 'linux' ? `${arch}-glibc` : arch;

/** Other runtimes as packages of npm, whose binaries come with the package itself, so that no script has to run. */
const RUNTIMES = {
  bun: { package: `@oven/bun-${platform}-${bunArch}`, version: '1.4.5', binary: 'bin/bun', args: [] },
  deno: {
    package: `@deno/${platform}-${denoHost}`,
    version: '2.9.6',
    binary: 'deno',
    args: ['run', '--allow-all', '--node-modules-dir=manual', '--no-lock'],
  },
};

/** The runtimes that npm has for this machine. */
export async function installRuntimes(folder) {
  const runtimes = [{ name: `node ${process.versions.node}`, command: process.execPath, args: [] }];
  for (const [name, runtime] of Object.entries(RUNTIMES)) {
    const tools = join(folder, name);
    await mkdir(tools, { recursive: true });
    await writeFile(join(tools, 'package.json'), '{"private":true}');
    const what = `${runtime.package}@${runtime.version}`;
    await run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', '--force', what], tools);
    const command = join(tools, 'node_modules', runtime.package, runtime.binary);
    if (existsSync(command)) runtimes.push({ name: `${name} ${runtime.version}`, command, args: runtime.args });
    else console.log(`       npm has no ${name} for this machine (${what})`);
  }
  return runtimes;
}

/** Runs a file of the consumer, and answers with the problems that it reports. */
export async function problemsOf({ command, args }, file, entries, app) {
  const done = await run(command, [...args, file, ...entries], app);
  try {
    return JSON.parse(done.stdout.trim().split('\n').at(-1) ?? '').problems;
  } catch {
    return `exit code ${done.code}: ${done.stderr.trim() || done.stdout.trim()}`.split('\n').slice(0, 12);
  }
}
