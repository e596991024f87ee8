import { randomUUID } from 'node:crypto';
import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { redisMissing, redisUrl, skippedBecause } from '../../packages/core/test/redis.ts';
import { run } from '../pnpm.ts';

/** Versions that go together, the oldest that are promised among them. BullMQ 5 has no backends. */
const versions = [
  { nest: '11.2.10', adapter: '11.0.5', bullmq: '5.81.5' },
  { nest: '11.2.10', adapter: '11.0.5', bullmq: '6.7.0' },
  { nest: '12.5.1', adapter: '12.0.0', bullmq: '5.81.5' },
];

describe.skipIf(redisMissing).each(versions)(
  `an application with queues on Nest $nest and BullMQ $bullmq${skippedBecause}`,
  ({ nest, adapter, bullmq }) => {
    const app = join(inject('outside'), `queues-${nest}-${bullmq}`);
    beforeAll(async () => {
      await mkdir(app, { recursive: true });
      await cp(join(import.meta.dirname, 'queues'), app, { recursive: true });
      await writeFile(join(app, 'package.json'), JSON.stringify({ private: true, type: 'module' }));
      const flags = ['--legacy-peer-deps', '--ignore-scripts', '--prefer-offline', '--no-audit'];
      const nests = ['common', 'core'].map((name) => `@nestjs/${name}@${nest}`);
      const queues = [`@nestjs/bullmq@${adapter}`, `bullmq@${bullmq}`, 'ioredis@5'];
      const tarball = inject('tarballs')['@tenancy/core'] as string;
      await run(['npm', 'install', ...flags, ...nests, ...queues, 'reflect-metadata@0.2', 'rxjs@7', tarball], app);
    });

    it.each(['esm', 'cjs'])("each job is its tenant's, and nobody else's (%s)", async (format) => {
      const said = await run([process.execPath, 'queues.mjs', format, redisUrl.href, `q-${randomUUID()}`], app);
      expect(said.trim()).toBe('held');
    });
  },
);
