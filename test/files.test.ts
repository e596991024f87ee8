import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const { scripts } = JSON.parse(read('package.json')) as { readonly scripts: Readonly<Record<string, string>> };
const workflows = readdirSync(join(root, '.github/workflows')).map((name) => `.github/workflows/${name}`);
const DOCKERFILE = 'examples/hiring-platform/Dockerfile';

/** Commands of pnpm itself. */
const BUILT_IN = ['install', '-r', '--filter', 'bench', 'run', 'exec'];

describe('N26: the files of the repository', () => {
  it.each([
    '.ci/run',
    'README.md',
    'CONTRIBUTING.md',
    'SECURITY.md',
    '.changeset/README.md',
    '.github/PULL_REQUEST_TEMPLATE.md',
    DOCKERFILE,
    ...workflows,
  ])('%s calls scripts that there are', (file) => {
    const called = [...read(file).matchAll(/\bpnpm@12 ([\w:-]+)/g)].map(([, name = '']) => name);
    expect(called.filter((name) => !(name in scripts) && !BUILT_IN.includes(name))).toEqual([]);
  });

  it('there is a way to report, to take part and to be released', () => {
    for (const file of [
      'SECURITY.md',
      'CODE_OF_CONDUCT.md',
      'CONTRIBUTING.md',
      'LICENSE',
      '.editorconfig',
      '.nvmrc',
      'renovate.json',
    ]) {
      expect(existsSync(join(root, file)), file).toBe(true);
    }
    expect(read('SECURITY.md')).toContain('Report a vulnerability');
  });

  it('tests run on each Node that is supported, and none that is not', () => {
    expect(read('.github/workflows/ci.yml')).toContain('node: [20, 22, 24]');
    expect(read('test/nodes.mjs')).toMatch(/20: '.*', 22: '.*', 24: '.*'/);
    expect(Number(read('.nvmrc'))).toBeGreaterThanOrEqual(20);
  });

  it('workflows name actions by a version, and what they may do; the one that publishes says where it was built', () => {
    for (const file of workflows) {
      const uses = [...read(file).matchAll(/uses: (.+)$/gm)].map(([, action = '']) => action);
      expect(uses.length, file).toBeGreaterThan(0);
      expect(uses.filter((action) => !/^[\w-]+\/[\w-]+@v\d+$/.test(action))).toEqual([]);
      expect(read(file)).toMatch(/^permissions:\n {2}contents: read$/m);
    }
    expect(read('.github/workflows/release.yml')).toContain('id-token: write');
    expect(read('release.mjs')).toContain("'--provenance'");
  });

  it('Renovate looks at the example and its image as well, which its presets leave out', () => {
    const { ignorePaths } = JSON.parse(read('renovate.json')) as { readonly ignorePaths?: readonly string[] };
    expect(ignorePaths).toEqual(['**/node_modules/**']);
  });

  it("the example's image copies what there is, runs as nobody in particular and is asked how it is", () => {
    const file = read(DOCKERFILE);
    const copied = [...file.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, paths = '']) => paths.split(' '));
    expect(copied.length).toBeGreaterThan(8);
    expect(copied.filter((path) => !existsSync(join(root, path)))).toEqual([]);
    expect(file.lastIndexOf('USER node')).toBeGreaterThan(file.lastIndexOf('FROM '));
    expect(file).toMatch(/^HEALTHCHECK .*\n.*\/health`/m);
    expect(read('examples/hiring-platform/src/health/health.controller.ts')).toContain("@Controller('health')");
    const compose = read('examples/hiring-platform/compose.yaml');
    expect(compose).toContain(`dockerfile: ${DOCKERFILE}`);
    // On its socket alone it answers before it is there to stay.
    expect(compose).toMatch(/"pg_isready", "--host", /);
    const [, grace] = /stop_grace_period: (\d+)s/.exec(compose) ?? [];
    const [, own] =
      /setTimeout\(\(\) => process\.exit\(1\), (\d+)_000\)/.exec(read('examples/hiring-platform/src/main.ts')) ?? [];
    expect(Number(own)).toBeLessThan(Number(grace));
  });

  it('every package has the same version, licence and Node, and can be found', () => {
    const manifests = readdirSync(join(root, 'packages'))
      .filter((name) => name !== 'node_modules')
      .map((name) => JSON.parse(read(`packages/${name}/package.json`)));
    expect(new Set(manifests.map(({ version }) => version)).size).toBe(1);
    for (const manifest of manifests) {
      expect(manifest).toMatchObject({
        license: 'MIT',
        description: expect.any(String),
        keywords: expect.arrayContaining(['nestjs', 'multi-tenancy']),
        engines: { node: '>=20.19' },
        publishConfig: { access: 'public' },
      });
    }
  });
});
