import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { freePort } from '../packages/postgres/test/database/free-port.ts';
import { ended, environment, run } from './pnpm.ts';

// N26: the example's image, without an engine: its Dockerfile's instructions are followed in two empty folders, one for each stage.
const repository = join(import.meta.dirname, '..');
let folder: string;
let context: string[];
let stages: string[][];
let started: ChildProcess | undefined;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tenancy-image-'));
  // PostgreSQL runs as an account of its own, which reads it from here.
  await chmod(folder, 0o755);
  const files = await run(['git', 'ls-files', '--cached', '--others', '--exclude-standard', '-z'], repository);
  const ignored = (await readFile(join(repository, '.dockerignore'), 'utf8')).trim().split('\n').map(asExpression);
  context = files.split('\0').filter((file) => file && !ignored.some((pattern) => pattern.test(file)));
  const dockerfile = await readFile(join(repository, 'examples/hiring-platform/Dockerfile'), 'utf8');
  const lines = dockerfile.replaceAll('\\\n', ' ').split('\n');
  stages = [];
  for (const line of lines) {
    if (line.startsWith('FROM ')) stages.push([]);
    else if (/^[A-Z]+ /.test(line)) stages.at(-1)?.push(line);
  }
});
afterAll(async () => {
  if (started && started.exitCode === null && started.signalCode === null) started.kill('SIGKILL');
  await rm(folder, { recursive: true, force: true });
});

it('the image is built of what is copied, holds nothing that only the build needs, is healthy and stops', async () => {
  expect(stages).toHaveLength(2);
  const [building = [], final = []] = stages;
  const build = join(folder, 'build');
  for (const paths of arguments_(building, 'COPY')) {
    const sources = paths.split(' ').slice(0, -1);
    const copied = context.filter((file) => sources.some((path) => file === path || file.startsWith(`${path}/`)));
    expect(copied.length, paths).toBeGreaterThanOrEqual(sources.length);
    for (const file of copied) {
      await mkdir(dirname(join(build, file)), { recursive: true });
      await cp(join(repository, file), join(build, file)).catch(() => undefined);
    }
  }
  for (const command of arguments_(building, 'RUN')) await run(['sh', '-c', command], build);

  const image = join(folder, 'image');
  for (const paths of arguments_(final, 'COPY')) {
    const [, from = '', to = ''] = /^--from=build \/app\/(\S+) (\S+)$/.exec(paths) ?? [];
    await cp(join(build, from), join(image, to), { recursive: true, verbatimSymlinks: true });
  }
  await rm(build, { recursive: true });
  const installed = await readdir(join(image, 'node_modules/.pnpm'));
  expect(installed.filter((name) => /^(prisma|typescript|tsup|esbuild|rollup|effect)@/.test(name))).toEqual([]);

  const cwd = join(image, arguments_(final, 'WORKDIR').at(-1)?.replace('/app/', '') ?? '');
  const port = String(await freePort());
  const variables = arguments_(final, 'ENV').flatMap((line) => line.split(' ').map((pair) => pair.split('=')));
  const env = { ...own(), ...Object.fromEntries(variables), HOST: '127.0.0.1', PORT: port };
  const [file = '', ...args] = JSON.parse(arguments_(final, 'CMD')[0] ?? '');
  const platform = spawn(file, args, { cwd, env, stdio: ['ignore', 'pipe', 'inherit'] });
  started = platform;
  for await (const said of platform.stdout.setEncoding('utf8').iterator({ destroyOnReturn: false })) {
    if (String(said).includes('Ctrl-C stops it')) break;
  }
  const [health = ''] = arguments_(final, 'HEALTHCHECK');
  const question = ['env', `PORT=${port}`, ...JSON.parse(/CMD (\[.*\])$/.exec(health)?.[1] ?? '[]')];
  expect((await ended(question, cwd)).code).toBe(0);
  platform.kill('SIGTERM');
  expect(await once(platform, 'exit')).toEqual([0, null]);
  expect((await ended(question, cwd)).code).toBe(1);
});

const arguments_ = (stage: readonly string[], instruction: string) =>
  stage.filter((line) => line.startsWith(`${instruction} `)).map((line) => line.slice(instruction.length + 1));

/** A pattern of `.dockerignore`: a star stands for a part of a name, two for any number of folders. */
function asExpression(pattern: string): RegExp {
  const escaped = pattern
    .replaceAll('.', '\\.')
    .replaceAll('**/', '(.+/)?')
    .replaceAll(/(?<!\.|\))\*/g, '[^/]*');
  return new RegExp(`^${escaped}(/|$)`);
}

/** The environment without what an example that runs by itself is not told. */
function own(): NodeJS.ProcessEnv {
  const { DATABASE_URL: _, REDIS_URL: __, ISOLATION: ___, JWT_SECRET: ____, ...rest } = environment();
  return rest;
}
