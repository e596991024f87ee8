import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import ClosingLine from './test/closing-line.ts';

const project = (name: string, root: string, options = {}) => ({
  test: { name, root, include: ['{src,test}/**/*.test.ts'], ...options },
});

export default defineConfig({
  test: {
    reporters: ['default', new ClosingLine()],
    // Most files wait more than they compute: for databases, for servers, for time to pass.
    maxWorkers: availableParallelism() + 1,
    projects: [
      project('core', 'packages/core', { setupFiles: ['reflect-metadata'], testTimeout: 30_000 }),
      project('postgres', 'packages/postgres', {
        setupFiles: ['reflect-metadata'],
        globalSetup: ['test/database/global-setup.ts'],
        testTimeout: 60_000,
        hookTimeout: 60_000,
      }),
      project('prisma', 'packages/prisma', {
        setupFiles: ['reflect-metadata'],
        globalSetup: ['test/database/global-setup.ts'],
        testTimeout: 60_000,
        hookTimeout: 60_000,
      }),
      project('typeorm', 'packages/typeorm', {
        setupFiles: ['reflect-metadata'],
        globalSetup: ['test/database/global-setup.ts'],
        testTimeout: 60_000,
        hookTimeout: 60_000,
      }),
      project('testing', 'packages/testing', { testTimeout: 60_000, hookTimeout: 60_000 }),
      project('hiring-platform', 'examples/hiring-platform', {
        setupFiles: ['reflect-metadata'],
        globalSetup: 'test/support/build.ts',
      }),
      {
        test: {
          name: 'census',
          root: 'test/census',
          include: ['*.test.ts'],
          setupFiles: ['reflect-metadata'],
          globalSetup: 'global-setup.ts',
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      { test: { name: 'docs', root: 'test/docs', include: ['*.test.ts'] } },
      {
        test: {
          name: 'consumers',
          root: 'test/consumers',
          include: ['*.test.ts'],
          globalSetup: ['packed.ts'],
          // They install from a registry, compile, and start a test runner of their own.
          testTimeout: 600_000,
          hookTimeout: 600_000,
        },
      },
    ],
  },
});
