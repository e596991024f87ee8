import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { run } from '../pnpm.ts';

const versions = [
  { nest: '11.1.4', axios: '4', throttler: '6.4.0' },
  { nest: '12.5.1', axios: '12.0.1', throttler: '6.7.1' },
];

describe.each(versions)(
  'an application with limits, files, calls and logs on Nest $nest',
  ({ nest, axios, throttler }) => {
    const app = join(inject('outside'), `operations-${nest}`);
    beforeAll(async () => {
      await mkdir(app, { recursive: true });
      await cp(join(import.meta.dirname, 'operations'), app, { recursive: true });
      await writeFile(join(app, 'package.json'), JSON.stringify({ private: true, type: 'module' }));
      const flags = ['--legacy-peer-deps', '--ignore-scripts', '--prefer-offline', '--no-audit'];
      const nests = ['common', 'core', 'platform-express'].map((name) => `@nestjs/${name}@${nest}`);
      const others = [
        `@nestjs/axios@${axios}`,
        `@nestjs/throttler@${throttler}`,
        'axios@1',
        'reflect-metadata@0.2',
        'rxjs@7',
      ];
      await run(['npm', 'install', ...flags, ...nests, ...others, inject('tarballs')['@tenancy/core'] as string], app);
    });

    it.each(['esm', 'cjs'])(
      "each tenant has limits, files, headers and lines of its own, and nobody else's (%s)",
      async (format) => {
        expect((await run([process.execPath, 'operations.mjs', format], app)).trim()).toBe('held');
      },
    );
  },
);
