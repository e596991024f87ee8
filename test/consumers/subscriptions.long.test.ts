import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { run } from '../pnpm.ts';

/** Of each major, the newest. */
const versions = [
  { nest: '11.2.10', graphql: '13.4.5', apollo: '13', mercurius: '13', fastify: '11' },
  { nest: '12.5.1', graphql: '14.0.3', apollo: '14.0.3', mercurius: '14.0.0', fastify: '12.5.0' },
];

describe.each(versions)('an application with subscriptions on Nest $nest', ({ nest, ...of }) => {
  const app = join(inject('outside'), `subscriptions-${nest}`);
  beforeAll(async () => {
    await mkdir(app, { recursive: true });
    await cp(join(import.meta.dirname, 'subscriptions'), app, { recursive: true });
    await writeFile(join(app, 'package.json'), JSON.stringify({ private: true, type: 'module' }));
    const flags = ['--legacy-peer-deps', '--ignore-scripts', '--prefer-offline', '--no-audit'];
    const nests = [
      ...['common', 'core', 'platform-express'].map((name) => `@nestjs/${name}@${nest}`),
      `@nestjs/platform-fastify@${of.fastify}`,
      `@nestjs/graphql@${of.graphql}`,
      `@nestjs/apollo@${of.apollo}`,
      `@nestjs/mercurius@${of.mercurius}`,
    ];
    const drivers = ['@apollo/server@5', '@as-integrations/express5@1', 'mercurius@16', 'graphql@16', 'graphql-ws@6'];
    const others = ['graphql-subscriptions@3', 'ts-morph@28', 'reflect-metadata@0.2', 'rxjs@7', 'ws@8'];
    const tarball = inject('tarballs')['@tenancy/core'] as string;
    await run(['npm', 'install', ...flags, ...nests, ...drivers, ...others, tarball], app);
  });

  it.each([
    ['esm', 'apollo'],
    ['cjs', 'apollo'],
    ['esm', 'mercurius'],
    ['cjs', 'mercurius'],
  ])("S6: each event is its tenant's, and nobody else's (%s, %s)", async (format, kind) => {
    expect((await run([process.execPath, 'subscriptions.mjs', format, kind], app)).trim()).toBe('held');
  });
});
