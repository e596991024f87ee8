import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { brokersHere } from '../../packages/core/test/brokers.ts';
import { run } from '../pnpm.ts';

/** Of each major, the newest, with the package for NATS that it asks for. */
const versions = [
  { nest: '11.2.10', microservices: '11.2.6', nats: 'nats@2' },
  { nest: '12.5.1', microservices: '12.1.1', nats: '@nats-io/transport-node@3' },
];
const nats = (await brokersHere()).find(({ name }) => name === 'NATS');

describe.each(versions)('services that ask each other on Nest $nest', ({ nest, microservices, nats: peer }) => {
  const app = join(inject('outside'), `messages-${nest}`);
  beforeAll(async () => {
    await mkdir(app, { recursive: true });
    await cp(join(import.meta.dirname, 'messages'), app, { recursive: true });
    await writeFile(join(app, 'package.json'), JSON.stringify({ private: true, type: 'module' }));
    const flags = ['--legacy-peer-deps', '--ignore-scripts', '--prefer-offline', '--no-audit'];
    const nests = ['common', 'core'].map((name) => `@nestjs/${name}@${nest}`);
    const others = [`@nestjs/microservices@${microservices}`, peer, 'reflect-metadata@0.2', 'rxjs@7'];
    await run(['npm', 'install', ...flags, ...nests, ...others, inject('tarballs')['@tenancy/core'] as string], app);
  });
  const held = async (format: string, way: string) =>
    expect((await run([process.execPath, 'messages.mjs', format, way], app)).trim()).toBe('held');

  it.each(['esm', 'cjs'])("M1, M2: each message, event and reply is its tenant's, over TCP (%s)", (format) =>
    held(format, 'tcp'),
  );

  it.skipIf(!nats || nats.missing !== null).each(['esm', 'cjs'])(
    `M2, M12: so it is over NATS, with ${peer} (%s)${nats?.missing ? `: ${nats.missing}` : ''}`,
    (format) => held(format, process.env['NATS_URL'] ?? 'nats://127.0.0.1:4222'),
  );
});
