import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { node, pnpm } from './pnpm.ts';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** Each is an application as its users write it, with the options its test runner needs to report as JSON. */
const consumers = {
  'nest-11-jest': ['--json', '--outputFile=result.json'],
  'nest-12-vitest': ['--reporter=default', '--reporter=json', '--outputFile=result.json'],
};

/** What each consumer's tests come to: fewer would be tests that were not found. */
const TESTS = 37;

/** The packages that they install. */
const PACKAGES = ['core', 'typeorm', 'testing'];

let temporary: string;
/** What is packed, by its name. */
const tarballs: Record<string, string> = {};

beforeAll(async () => {
  // Outside the repository, so that nothing of the workspace can be found from there.
  temporary = await mkdtemp(join(tmpdir(), 'tenancy-consumers-'));
  for (const name of PACKAGES) {
    const packed = join(temporary, 'packed', name);
    await mkdir(packed, { recursive: true });
    await pnpm(here(`../../packages/${name}`), 'pack', '--pack-destination', packed);
    const [file, ...others] = await readdir(packed);
    expect(others).toEqual([]);
    tarballs[`@tenancy/${name}`] = `file:${join(packed, String(file))}`;
  }
});

afterAll(() => rm(temporary, { recursive: true, force: true, maxRetries: 5 }));

describe.each(Object.entries(consumers))('%s with the packed packages', (name, reporting) => {
  let app: string;

  beforeAll(async () => {
    app = join(temporary, name);
    // One application, as each of the frameworks' users would set it up.
    for (const part of ['application', name]) {
      await cp(here(part), app, { recursive: true, filter: (path) => !/node_modules|result\.json/.test(path) });
    }
    await cp(here('two-copies.mjs'), join(app, 'two-copies.mjs'));
    const manifest = JSON.parse(await readFile(join(app, 'package.json'), 'utf8'));
    Object.assign(manifest.dependencies, tarballs);
    await writeFile(join(app, 'package.json'), JSON.stringify(manifest));
    // What is packed asks for @tenancy/core by its version, which is not published: JSON is YAML too.
    await writeFile(join(app, 'pnpm-workspace.yaml'), JSON.stringify({ overrides: tarballs }));
    await pnpm(app, 'install', '--prefer-offline', '--no-frozen-lockfile', '--ignore-scripts');
  });

  it('passes its own tests', async () => {
    await pnpm(app, 'test', ...reporting);
    const result = JSON.parse(await readFile(join(app, 'result.json'), 'utf8'));
    expect(result).toMatchObject({ numPassedTests: TESTS, numFailedTests: 0, numPendingTests: 0, success: true });
  });

  it('type-checks against the published declarations', async () => {
    await pnpm(app, 'typecheck');
  });

  it('has one context in an ESM and a CommonJS copy', async () => {
    expect(await node(app, 'two-copies.mjs')).toContain('one context in two copies');
  });
});
