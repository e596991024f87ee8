import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ending, run } from './run.mjs';

const repository = join(import.meta.dirname, '../..');

/** Versions that go with Nest 11, where the repository itself is on those that go with Nest 12. */
const WITH_NEST_11 = {
  '@nestjs/bullmq': '11',
  '@nestjs/cache-manager': '3',
  '@nestjs/common': '11',
  '@nestjs/core': '11',
  '@nestjs/jwt': '11',
  '@nestjs/microservices': '11',
  '@nestjs/platform-express': '11',
  '@nestjs/schedule': '6',
  '@nestjs/testing': '11',
  '@nestjs/typeorm': '11',
  '@nestjs/websockets': '11',
};

/** Not a peer of any package, and needed by an application: Nest's server, and Prisma's command, which makes the client. */
const APPLICATION = { '@nestjs/platform-express': 'core', graphql: 'core' };

/** An application in a fresh folder, with everything that the packages may be used with, installed by npm. */
export async function npmConsumer(folder, nest, packed) {
  const app = join(folder, `npm-nest-${nest}`);
  await mkdir(app, { recursive: true });
  await cp(join(import.meta.dirname, 'consumer'), app, { recursive: true });
  const dependencies = Object.fromEntries(packed.map(({ name, tarball }) => [name, `file:${tarball}`]));
  for (const { folder: own } of packed) {
    const { peerDependencies = {}, devDependencies = {} } = JSON.parse(
      await readFile(join(own, 'package.json'), 'utf8'),
    );
    for (const peer of Object.keys(peerDependencies))
      dependencies[peer] ??= devDependencies[peer] ?? peerDependencies[peer];
  }
  const core = JSON.parse(await readFile(join(repository, 'packages/core/package.json'), 'utf8'));
  for (const name of Object.keys(APPLICATION)) dependencies[name] = core.devDependencies[name];
  if (nest === '11') Object.assign(dependencies, WITH_NEST_11);
  const types = {
    '@types/node': core.devDependencies['@types/node'] ?? '20',
    '@types/pg': core.devDependencies['@types/pg'],
  };
  await writeFile(
    join(app, 'package.json'),
    JSON.stringify({ private: true, type: 'module', dependencies, devDependencies: types }, null, 2),
  );
  const installed = await run(
    'npm',
    ['install', '--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund'],
    app,
  );
  return { app, problems: installed.code === 0 ? [] : ending(installed, 30) };
}
