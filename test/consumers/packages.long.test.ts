import { mkdir, readdir, readFile } from 'node:fs/promises';
import { builtinModules } from 'node:module';
import { homedir } from 'node:os';
import { isAbsolute, join, normalize } from 'node:path';
import { Script } from 'node:vm';
import ts from 'typescript';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { run } from '../pnpm.ts';

const repository = join(import.meta.dirname, '../..');
const CODE = /\.(js|cjs|d\.ts|d\.cts)$/;

/** Peers that nothing imports: whoever has Nest has them, and Nest needs them. */
const NEST_NEEDS = ['reflect-metadata', 'rxjs'];

/** Dependencies that are peers of another one, so that the user need not name them: the parser, the copies and the archives of @tenancy/postgres. */
const PEERS_OF_DEPENDENCIES: Readonly<Record<string, readonly string[]>> = {
  '@tenancy/cli': ['libpg-query', 'pg-copy-streams', 'yauzl', 'yazl'],
};

interface Manifest {
  readonly keywords: readonly string[];
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

/** Names of the packages that each of the files imports or requires. */
function importsOf(code: string): string[] {
  return ts
    .preProcessFile(code, true, true)
    .importedFiles.map(({ fileName }) => fileName)
    .filter((name) => !name.startsWith('.') && !name.startsWith('node:') && !builtinModules.includes(name))
    .map((name) => name.split('/', name.startsWith('@') ? 2 : 1).join('/'));
}

describe.each(Object.entries(inject('tarballs')))('%s as it is published', (name, tarball) => {
  const files = new Map<string, string>();
  let manifest: Manifest;
  beforeAll(async () => {
    const folder = join(inject('outside'), 'unpacked', name);
    await mkdir(folder, { recursive: true });
    await run(['tar', '-xzf', tarball, '-C', folder], folder);
    for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
      const file = join(entry.parentPath, entry.name);
      if (entry.isFile()) files.set(file.slice(join(folder, 'package').length + 1), await readFile(file, 'utf8'));
    }
    manifest = JSON.parse(files.get('package.json') ?? '');
  });

  it('N9: tells nothing of the machine that built it', () => {
    const traces = [`${repository}/`, `${homedir()}/`, '/home/', '/Users/', 'file:///', '://registry', 'npmjs'];
    const found = [...files].flatMap(([file, text]) =>
      traces.filter((trace) => text.includes(trace)).map((trace) => `${file}: ${trace}`),
    );
    expect(files.size).toBeGreaterThan(8);
    expect(found).toEqual([]);
    for (const [file, text] of files) {
      if (file.endsWith('.map')) expect(JSON.parse(text).sources.filter(isAbsolute), file).toEqual([]);
      else if (CODE.test(file)) expect(text, `${file} names a map`).not.toContain('sourceMappingURL');
    }
  });

  it('N10: declares what it imports, and nothing else', () => {
    const code = [...files].filter(([file]) => CODE.test(file)).map(([, text]) => text);
    const imported = new Set(code.flatMap(importsOf).filter((other) => other !== name));
    const declared = { ...manifest.dependencies, ...manifest.peerDependencies };
    expect([...imported].filter((other) => !(other in declared)).sort()).toEqual([]);
    // What is looked up at run time stands in the code as a text.
    const named = (other: string) => code.some((text) => text.includes(`"${other}"`) || text.includes(`'${other}'`));
    const unused = Object.keys(declared).filter((other) => !imported.has(other) && !named(other));
    const known = [...NEST_NEEDS, ...(PEERS_OF_DEPENDENCIES[name] ?? [])];
    expect(unused.filter((other) => !known.includes(other))).toEqual([]);
  });

  it('N6: has CommonJS in every file that is called so', () => {
    const commonJs = [...files].filter(([file]) => file.endsWith('.cjs'));
    expect(commonJs.length).toBeGreaterThan(0);
    for (const [filename, text] of commonJs) new Script(`(function () {${text}\n})`, { filename });
  });

  it('N8: can be found, brings its changes and its licence, and links to nothing that is not in it', () => {
    expect(manifest.keywords).toContain('nestjs');
    expect([...files.keys()]).toEqual(expect.arrayContaining(['CHANGELOG.md', 'LICENSE', 'README.md']));
    const pages = [files.get('README.md'), files.get('CHANGELOG.md')].join('\n');
    const links = [...pages.matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, to = '']) => to);
    expect(links.filter((link) => !files.has(normalize(link)))).toEqual([]);
  });
});

it('N9: the lockfile names no host', async () => {
  const lockfile = await readFile(join(repository, 'pnpm-lock.yaml'), 'utf8');
  expect(lockfile).toContain('lockfileVersion');
  expect(lockfile).not.toMatch(/https?:\/\/|\btarball:|\bregistry\b/);
});
