import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..');
const packages = readdirSync(join(root, 'packages')).filter((name) => name !== 'node_modules');
const WORKFLOW = {
  GITHUB_SERVER_URL: 'https://github.com',
  GITHUB_REPOSITORY: 'somebody/tenancy',
  GITHUB_REF_NAME: 'v9.1.0',
};

describe('N8, N26: a release', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'tenancy-release-'));
    for (const name of packages) {
      mkdirSync(join(folder, 'packages', name), { recursive: true });
      const manifest = JSON.parse(readFileSync(join(root, 'packages', name, 'package.json'), 'utf8'));
      write(`packages/${name}/package.json`, JSON.stringify({ ...manifest, version: '9.1.0' }));
    }
    cpSync(join(root, '.changeset'), join(folder, '.changeset'), { recursive: true });
    for (const file of readdirSync(join(folder, '.changeset'))) {
      if (file.endsWith('.md') && file !== 'README.md') rmSync(join(folder, '.changeset', file));
    }
    write('CHANGELOG.md', '# Changelog\n\n## 9.1.0 (unreleased)\n\n- A change.\n');
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const write = (path: string, text: string) => writeFileSync(join(folder, path), text);
  const read = (path: string) => readFileSync(join(folder, path), 'utf8');
  function release(args: readonly string[], environment: Readonly<Record<string, string>> = {}) {
    const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('GITHUB_'));
    const env = { ...Object.fromEntries(inherited), RELEASE_ROOT: folder, ...environment };
    const { status, stdout, stderr } = spawnSync(process.execPath, ['release.mjs', ...args], {
      cwd: root,
      env,
      encoding: 'utf8',
    });
    return { status, said: stdout + stderr };
  }

  it.each(['## 9.1.0 (unreleased)', '## Unreleased'])('gives the section %s its version and date', (heading) => {
    write('CHANGELOG.md', `# Changelog\n\n${heading}\n\n- A change.\n`);
    expect(release(['version'])).toEqual({ status: 0, said: expect.stringContaining('git tag v9.1.0') });
    expect(read('CHANGELOG.md')).toMatch(/^# Changelog\n\n## 9\.1\.0 \(\d{4}-\d\d-\d\d\)\n\n- A change\.\n$/);
    expect(release(['version'])).toEqual({ status: 1, said: expect.stringContaining('nothing to release') });
  });

  it('refuses packages of different versions, and a changelog about another one', () => {
    write('CHANGELOG.md', '## 9.0.0 (unreleased)\n');
    expect(release(['version'])).toEqual({
      status: 1,
      said: expect.stringContaining('about 9.0.0, the packages are 9.1.0'),
    });
    write('packages/core/package.json', '{"version":"8.0.0"}');
    expect(release(['version'])).toEqual({ status: 1, said: expect.stringContaining('2 versions') });
  });

  it('names in each package the repository that the workflow runs in, which npm compares with the provenance', () => {
    write('CHANGELOG.md', '# Changelog\n\n## 9.1.0 (2026-01-31)\n');
    expect(release(['publish', '--no-publish'], WORKFLOW)).toEqual({ status: 0, said: '' });
    for (const name of packages) {
      expect(JSON.parse(read(`packages/${name}/package.json`))).toMatchObject({
        homepage: `https://github.com/somebody/tenancy/tree/main/packages/${name}#readme`,
        bugs: 'https://github.com/somebody/tenancy/issues',
        repository: { type: 'git', url: 'git+https://github.com/somebody/tenancy.git', directory: `packages/${name}` },
      });
    }
  });

  it.each<[string, Record<string, string>, string]>([
    ['from a machine', {}, 'The tag is undefined'],
    ['of another tag', { ...WORKFLOW, GITHUB_REF_NAME: 'v9.2.0' }, 'The tag is v9.2.0, the packages are 9.1.0'],
    ['that the changelog does not date', WORKFLOW, 'no dated section about 9.1.0'],
  ])('publishes nothing %s', (_, environment, why) => {
    expect(release(['publish', '--no-publish'], environment)).toEqual({
      status: 1,
      said: expect.stringContaining(why),
    });
  });
});
