import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { OLDEST_MAJOR } from '../../packages/postgres/src/doctor/diagnosis/row-security-fixes.ts';
import { PACKAGES } from './imports.ts';
import { filesOf, root } from './repository.ts';

const read = (file: string) => readFileSync(join(root, file), 'utf8');
const manifests = filesOf(/(?:^|\/)package\.json$/)
  .filter((file) => !file.startsWith('docs/'))
  .map((file) => JSON.parse(read(file)));
const page = read('docs/versions.md');

const rows = [...page.matchAll(/^\| `([^`]+)` *\| (.*?) *\| ([\d., ]+?) *\|$/gm)].map(
  ([, name = '', range = '', versions = '']) => ({
    name,
    range: range.replaceAll(/`|\\/g, ''),
    versions: versions.split(', '),
  }),
);

/** Whole versions in which a package is installed here; an alias counts as what it stands for. */
const installed = (name: string): ReadonlySet<string> =>
  new Set(
    manifests
      .flatMap(({ dependencies, devDependencies }) => Object.entries<string>({ ...dependencies, ...devDependencies }))
      .map(([key, version]) =>
        version.startsWith('npm:') ? version.slice('npm:'.length).split(/(?<=.)@/) : [key, version],
      )
      .filter(([key, version = '']) => key === name && /^\d/.test(version))
      .map(([, version = '']) => version),
  );

const asked = (name: string): string | undefined =>
  PACKAGES.map((own) => JSON.parse(read(`packages/${own}/package.json`)).peerDependencies?.[name]).find(Boolean);

const consumers = filesOf(/^test\/consumers\/[\w.-]+\.test\.ts$/)
  .map(read)
  .join('\n');

describe('docs/versions.md says what the manifests say', () => {
  it('of something', () => {
    expect(rows.length).toBeGreaterThan(6);
  });

  it.each(rows)('$name', ({ name, range, versions }) => {
    if (range !== '') expect(asked(name)).toBe(range);
    const run = [...installed(name)];
    expect(versions).toEqual(expect.arrayContaining(run));
    // The others are oldest versions, which a consumer installs by name.
    for (const version of versions.filter((one) => !run.includes(one))) expect(consumers).toContain(`'${version}'`);
  });

  it('of Node, PostgreSQL and of itself', () => {
    const engines = new Set(PACKAGES.map((own) => JSON.parse(read(`packages/${own}/package.json`)).engines.node));
    const versions = new Set(PACKAGES.map((own) => JSON.parse(read(`packages/${own}/package.json`)).version));
    expect([...engines]).toEqual([`>=${/\*\*Node\*\*: ([\d.]+) or later/.exec(page)?.[1]}`]);
    expect([...versions]).toEqual([/This one is ([\d.]+\d)\./.exec(page)?.[1]]);
    expect(page).toContain(`**PostgreSQL**: ${OLDEST_MAJOR} or later`);
  });
});
