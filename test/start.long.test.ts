import { spawn, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..');
/** Notes what it is asked for, and where. */
const NOTES = `require('node:fs').appendFileSync(process.env.CALLS, process.argv[1].match(/tsup|prisma|compile|pnpm/)[0] + ' ' +
  require('node:path').basename(process.cwd()) + ' ' + process.argv.slice(2).join(' ') + '\\n');`;

describe('N3: what `pnpm start` does before the example runs', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'tenancy-start-'));
    for (const part of ['start.mjs', 'start']) cpSync(join(root, part), join(folder, part), { recursive: true });
    for (const source of [
      'pnpm-lock.yaml',
      'packages/core/src/context/index.ts',
      'examples/hiring-platform/src/main.ts',
    ]) {
      write(source, 1);
    }
    write('examples/hiring-platform/package.json', 1, '{"type":"module"}');
    write('packages/core/package.json', 1, '{}');
    write('packages/core/dist/index.js', 2);
    write('packages/core/dist/index.d.ts', 2);
    write('examples/hiring-platform/dist/main.js', 3, "console.log('the example runs');");
    write('.start/built-example', 3);
    write('examples/hiring-platform/node_modules/@nestjs/core/package.json', 1, '{}');
    // Stand for what it calls. The bundler leaves what the package's code is.
    write(
      'node_modules/tsup/dist/cli-default.js',
      1,
      `${NOTES} require('node:fs').writeFileSync('dist/index.js', '');`,
    );
    write('examples/hiring-platform/node_modules/prisma/build/package.json', 1, '{"type":"commonjs"}');
    write('examples/hiring-platform/node_modules/prisma/build/index.js', 1, NOTES);
    write(
      'start/compile.mjs',
      1,
      `import { createRequire } from 'node:module'; const require = createRequire(import.meta.url); ${NOTES}`,
    );
    write(
      'pnpm',
      1,
      `#!/usr/bin/env node\n${NOTES} if (process.env.FAILS) { console.log('{"level":"error","message":"no registry"}'); process.exit(1); }`,
      0o755,
    );
    // The first start of all has installed.
    start();
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  /** A file that was changed that many hours after all began. */
  function write(path: string, hour: number, text = '', mode = 0o644): void {
    const file = join(folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text, { mode });
    utimesSync(file, hour * 3_600, hour * 3_600);
  }

  const CALLS = () => join(folder, 'calls');
  const environment = (more: Record<string, string> = {}) => ({
    ...process.env,
    PATH: `${folder}:${dirname(process.execPath)}:/usr/bin:/bin`,
    PORT: '0',
    CALLS: CALLS(),
    ...more,
  });

  function start(more: Record<string, string> = {}, ...flags: string[]) {
    writeFileSync(CALLS(), '');
    const { status, stdout, stderr } = spawnSync(process.execPath, ['start.mjs', ...flags], {
      cwd: folder,
      env: environment(more),
      encoding: 'utf8',
    });
    return { status, stdout, stderr, calls: readFileSync(CALLS(), 'utf8').split('\n').filter(Boolean) };
  }
  const INSTALL = expect.stringMatching(
    /^pnpm tenancy-start-\S+ install --prod --frozen-lockfile --filter tenancy --filter hiring-platform\.\.\. /,
  );
  const PACKAGE = 'tsup core ';
  const EXAMPLE = ['prisma hiring-platform generate', 'compile hiring-platform '];

  it.each<[string, string | undefined, unknown[]]>([
    ['nothing has changed', undefined, []],
    ['a source of the example has', 'examples/hiring-platform/src/jobs/jobs.ts', EXAMPLE],
    ['its schema has', 'examples/hiring-platform/prisma/schema.prisma', EXAMPLE],
    ['its client was generated again', 'examples/hiring-platform/src/generated/client.ts', []],
    ['a package was built again, whole', 'packages/core/dist/index.d.ts', []],
    ['a build of a package was interrupted', 'packages/core/dist/index.js', [PACKAGE]],
    ['a source of a package has', 'packages/core/src/context/index.ts', [PACKAGE]],
    ['what a package is built with has', 'packages/core/tsup.config.ts', [PACKAGE]],
    ['a package was never built', 'packages/postgres/src/index.ts', ['tsup postgres ']],
    ["what Prisma's generator is made of has", 'packages/prisma/src/generator.ts', ['tsup prisma ', ...EXAMPLE]],
    ['the command was never built, which the example has no use for', 'packages/cli/src/index.ts', []],
  ])('when %s', (_, path, calls) => {
    if (path) write(path, 4);
    const [, built] = /^packages\/(\w+)\//.exec(path ?? '') ?? [];
    if (built) mkdirSync(join(folder, 'packages', built, 'dist'), { recursive: true });
    expect(start()).toMatchObject({ status: 0, calls, stdout: expect.stringMatching(/the example runs\n$/) });
  });

  it('installs again, and no more than the example runs on, when dependencies have changed', () => {
    write('pnpm-lock.yaml', 1, 'other');
    expect(start().calls).toEqual([INSTALL]);
    expect(start().calls).toEqual([]);
  });

  it('keeps everything up to date where everything is installed', () => {
    write('packages/core/node_modules/@nestjs/common/package.json', 1);
    expect(existsSync(join(folder, 'packages/node_modules'))).toBe(true);
    write('pnpm-lock.yaml', 1, 'other');
    expect(start().calls).toEqual([expect.stringMatching(/^pnpm \S+ install --reporter/)]);
    expect(existsSync(join(folder, 'packages/node_modules'))).toBe(false);
  });

  it('says what it is doing, how long it took, and what to do where it fails', () => {
    write('packages/core/src/context/index.ts', 4);
    expect(start().stdout).toMatch(
      /^Building @tenancy\/core …\n✓ Building @tenancy\/core \(\d+\.\d s\)\nStarting PostgreSQL/,
    );
    write('pnpm-lock.yaml', 1, 'other');
    const { status, stderr, stdout } = start({ FAILS: '1' });
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: expect.stringMatching(/no registry\n\nNothing was started\./),
    });
    expect(stdout).not.toContain('\nthe example runs');
    // Nor is it taken for done the next time.
    expect(start().calls).toEqual([INSTALL]);
  });

  it('says that the port is taken before it installs or builds anything', async () => {
    write('packages/core/src/context/index.ts', 4);
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as { port: number };
    // The other program is this one, which waits: its connections are answered by the system.
    const { status, stderr, calls } = start({ PORT: String(port) });
    await new Promise((resolve) => other.close(resolve));
    expect({ status, calls }).toEqual({ status: 1, calls: [] });
    expect(stderr).toMatch(new RegExp(`^Port ${port} is taken: .*PORT=${port + 1} npx --yes pnpm@12 start\\n$`));
  });

  it('waits while another start installs and builds, and goes on where that one was killed', async () => {
    // This process is alive, and holds it.
    writeFileSync(join(folder, '.start/lock'), String(process.pid));
    const waiting = spawn(process.execPath, ['start.mjs'], { cwd: folder, env: environment() });
    let said = '';
    waiting.stdout.setEncoding('utf8').on('data', (text) => {
      said += text;
    });
    const ended = new Promise((resolve) => waiting.once('close', resolve));
    while (!said.includes('goes on after it') && waiting.exitCode === null) await setTimeout(20);
    expect(said).toBe(`Another start is preparing (process ${process.pid}). This one goes on after it …\n`);
    const { pid } = spawnSync(process.execPath, ['--version']);
    writeFileSync(join(folder, '.start/lock'), String(pid));
    expect(await ended).toBe(0);
    expect(said).toContain('the example runs');
    expect(existsSync(join(folder, '.start/lock'))).toBe(false);
  });

  it('builds an image without starting anything, whatever listens', () => {
    const { status, stdout } = start({}, '--prepare');
    expect({ status, stdout }).toEqual({ status: 0, stdout: '' });
  });
});
