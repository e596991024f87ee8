import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import ClosingLine from './test/closing-line.ts';

/** Ends what hangs, and nothing else: tests wait for what happens, and a busy machine may take its time. */
const TIMEOUT = 300_000;

const project = (name: string, root: string, options = {}) => ({
  test: {
    name,
    root,
    include: ['{src,test}/**/*.test.ts'],
    testTimeout: TIMEOUT,
    hookTimeout: TIMEOUT,
    ...options,
  },
});

export default defineConfig({
  test: {
    reporters: ['default', new ClosingLine()],
    // Most files wait more than they compute: for databases, for servers, for time to pass.
    maxWorkers: availableParallelism() + 1,
    projects: [
      project('core', 'packages/core', {
        setupFiles: ['reflect-metadata'],
        globalSetup: ['test/database/global-setup.ts'],
      }),
      project('postgres', 'packages/postgres', {
        setupFiles: ['reflect-metadata'],
        globalSetup: ['test/database/global-setup.ts'],
      }),
      project('cli', 'packages/cli', { globalSetup: ['test/database/global-setup.ts'] }),
      project('prisma', 'packages/prisma', {
        setupFiles: ['reflect-metadata'],
        globalSetup: ['test/database/global-setup.ts'],
      }),
      project('typeorm', 'packages/typeorm', {
        setupFiles: ['reflect-metadata'],
        globalSetup: ['test/database/global-setup.ts'],
      }),
      project('testing', 'packages/testing', process.env['DETECTION'] ? { include: ['test/corpus/detection.ts'] } : {}),
      project('hiring-platform', 'examples/hiring-platform', {
        setupFiles: ['reflect-metadata'],
        globalSetup: 'test/support/global-setup.ts',
      }),
      {
        test: {
          name: 'census',
          root: 'test/census',
          include: ['*.test.ts'],
          setupFiles: ['reflect-metadata'],
          globalSetup: 'global-setup.ts',
          testTimeout: TIMEOUT,
          hookTimeout: TIMEOUT,
        },
      },
      { test: { name: 'repository', root: 'test', include: ['*.test.ts'], testTimeout: TIMEOUT } },
      { test: { name: 'docs', root: 'test/docs', include: ['*.test.ts'], testTimeout: TIMEOUT } },
      {
        test: {
          name: 'consumers',
          root: 'test/consumers',
          include: ['*.test.ts'],
          globalSetup: ['packed.ts'],
          // They install from a registry, compile, and start a test runner of their own.
          testTimeout: 2 * TIMEOUT,
          hookTimeout: 2 * TIMEOUT,
        },
      },
    ],
  },
});
