import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

describe('N3: what `pnpm start` does before the example runs', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'tenancy-start-'));
    cpSync(join(import.meta.dirname, '../start.mjs'), join(folder, 'start.mjs'));
    for (const source of [
      'pnpm-lock.yaml',
      'packages/core/src/context/index.ts',
      'examples/hiring-platform/src/main.ts',
    ]) {
      write(source, 1);
    }
    write('packages/core/dist/index.d.ts', 2);
    write('examples/hiring-platform/dist/main.js', 3);
    // Stands for pnpm: notes what it is asked for, and leaves behind what tells that the packages were built.
    writeFileSync(
      join(folder, 'pnpm'),
      '#!/bin/sh\necho "$*" >> "$CALLS"\n[ "$1" != build ] || touch packages/core/dist/index.d.ts\n',
    );
    chmodSync(join(folder, 'pnpm'), 0o755);
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  /** A file that was changed that many hours after all began. */
  function write(path: string, hour: number): void {
    const file = join(folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, '');
    utimesSync(file, hour * 3_600, hour * 3_600);
  }

  function start(environment: Record<string, string> = {}) {
    const env = { ...process.env, PATH: `${folder}:${dirname(process.execPath)}:/usr/bin:/bin`, PORT: '0' };
    const CALLS = join(folder, 'calls');
    writeFileSync(CALLS, '');
    const { status, stderr } = spawnSync(process.execPath, ['start.mjs'], {
      cwd: folder,
      env: { ...env, CALLS, ...environment },
      encoding: 'utf8',
    });
    return { status, stderr, calls: readFileSync(CALLS, 'utf8').split('\n').filter(Boolean) };
  }
  const PACKAGES = 'build';
  const EXAMPLE = '--filter hiring-platform build';

  it.each<[string, string | undefined, string[]]>([
    ['nothing has changed', undefined, []],
    ['a source of the example has', 'examples/hiring-platform/src/jobs/jobs.ts', [EXAMPLE]],
    ['its schema has', 'examples/hiring-platform/prisma/schema.prisma', [EXAMPLE]],
    ['its client was generated again', 'examples/hiring-platform/src/generated/client.ts', []],
    ['a package was built again', 'packages/core/dist/index.d.ts', [EXAMPLE]],
    ['a source of a package has', 'packages/core/src/context/index.ts', [PACKAGES, EXAMPLE]],
    ['what a package is built with has', 'packages/core/tsup.config.ts', [PACKAGES, EXAMPLE]],
    ['a package was never built', 'packages/postgres/src/index.ts', [PACKAGES, EXAMPLE]],
    ['dependencies have', 'pnpm-lock.yaml', [PACKAGES, EXAMPLE]],
  ])('when %s', (_, path, calls) => {
    if (path) write(path, 4);
    expect(start()).toMatchObject({ status: 0, calls });
  });

  it('says that the port is taken before it builds anything', async () => {
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
});
