import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { answersOfBundle, refusedWithItsCode } from '../../packages/core/test/bundled.ts';
import { pnpm, run } from '../pnpm.ts';
import { describePlanted, type Planted } from './planted.ts';

const here = (path: string) => join(import.meta.dirname, path);

/** The number of each consumer's tests: fewer would be tests that were not found. */
const TESTS = 49;

/** As in the repository: what creates links inside PostgreSQL's binaries runs, and what downloads does not. */
async function allowedBuilds(): Promise<Record<string, boolean>> {
  const workspace = await readFile(here('../../pnpm-workspace.yaml'), 'utf8');
  const builds = [...workspace.slice(workspace.indexOf('allowBuilds:')).matchAll(/^ +"?([@\w/-]+)"?: (true|false)$/gm)];
  return Object.fromEntries(builds.map(([, name, allowed]) => [name, allowed === 'true']));
}

/**
 * An application as its users write it, with the packed packages installed in it.
 *
 * @param reporting what its test runner needs to report as JSON.
 * @param planted the runners and adapters with which a leak is planted in another application, that has the same packages.
 */
export function describeConsumer(name: string, reporting: readonly string[], planted: readonly Planted[]): void {
  describe(`${name} with the packed packages`, () => {
    const app = join(inject('outside'), name);

    beforeAll(async () => {
      // One application, as each of the frameworks' users would set it up.
      for (const part of ['application', name]) {
        await cp(here(part), app, { recursive: true, filter: (path) => !/node_modules|result\.json/.test(path) });
      }
      await cp(here('two-copies.mjs'), join(app, 'two-copies.mjs'));
      const tarballs = Object.fromEntries(
        Object.entries(inject('tarballs')).map(([packed, file]) => [packed, `file:${file}`]),
      );
      const manifest = JSON.parse(await readFile(join(app, 'package.json'), 'utf8'));
      Object.assign(manifest.dependencies, tarballs);
      await writeFile(join(app, 'package.json'), JSON.stringify(manifest));
      // What is packed asks for @tenancy/core by its version, which is not published: JSON is YAML too.
      const workspace = { overrides: tarballs, allowBuilds: await allowedBuilds(), strictDepBuilds: false };
      await writeFile(join(app, 'pnpm-workspace.yaml'), JSON.stringify(workspace));
      await pnpm(app, 'install', '--prefer-offline', '--no-frozen-lockfile');
    });

    it('generates a Prisma client and its schema, with the program that is in @tenancy/prisma', async () => {
      expect(await pnpm(app, 'generate')).toMatch(/Generated Prisma Client.*Generated @tenancy\/prisma/s);
    });

    it('passes its own tests', async () => {
      await pnpm(app, 'test', ...reporting);
      const result = JSON.parse(await readFile(join(app, 'result.json'), 'utf8'));
      expect(result).toMatchObject({ numPassedTests: TESTS, numFailedTests: 0, numPendingTests: 0, success: true });
    });

    it('type-checks against the published declarations', async () => {
      await pnpm(app, 'typecheck');
    });

    it.each(['cjs', 'esm'] as const)('refuses messages with their code when bundled as %s', async (format) => {
      expect(await answersOfBundle(app, { format })).toEqual(refusedWithItsCode);
    });

    it('has one context in an ESM and a CommonJS copy', async () => {
      expect(await run([process.execPath, 'two-copies.mjs'], app)).toContain('one context in two copies');
    });

    describePlanted(app, planted);
  });
}
