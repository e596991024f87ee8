import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { run } from '../pnpm.ts';

/** Of each major, the newest; with `ws` and socket.io as its platforms bring them. */
const versions = [
  { nest: '11.2.10', sockets: '11.2.6' },
  { nest: '12.5.1', sockets: '12.1.1' },
];

describe.each(versions)('an application with sockets on Nest $nest', ({ nest, sockets: platform }) => {
  const app = join(inject('outside'), `sockets-${nest}`);
  beforeAll(async () => {
    await mkdir(app, { recursive: true });
    await cp(join(import.meta.dirname, 'sockets'), app, { recursive: true });
    await writeFile(join(app, 'package.json'), JSON.stringify({ private: true, type: 'module' }));
    const flags = ['--legacy-peer-deps', '--ignore-scripts', '--prefer-offline', '--no-audit'];
    const nests = ['common', 'core', 'platform-express'].map((name) => `@nestjs/${name}@${nest}`);
    const sockets = ['websockets', 'platform-socket.io', 'platform-ws'].map((name) => `@nestjs/${name}@${platform}`);
    const tarball = inject('tarballs')['@tenancy/core'] as string;
    const others = ['reflect-metadata@0.2', 'rxjs@7', 'ws@8', 'socket.io-client@4'];
    await run(['npm', 'install', ...flags, ...nests, ...sockets, ...others, tarball], app);
  });

  it.each([
    ['esm', 'socket.io'],
    ['cjs', 'socket.io'],
    ['esm', 'ws'],
    ['cjs', 'ws'],
  ])("each message is its tenant's, and nobody else's (%s, %s)", async (format, kind) => {
    expect((await run([process.execPath, 'sockets.mjs', format, kind], app)).trim()).toBe('held');
  });
});
