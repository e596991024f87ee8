// The two commands of a release, which CONTRIBUTING.md is about: `pnpm release:version` before the tag, `pnpm release:publish` after it.
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const root = process.env.RELEASE_ROOT ?? import.meta.dirname;
const manifests = readdirSync(join(root, 'packages'))
  .filter((name) => name !== 'node_modules')
  .map((name) => ({ name, file: join(root, 'packages', name, 'package.json') }));
const read = (file) => JSON.parse(readFileSync(file, 'utf8'));
const flags = process.argv.slice(3);

function run(command, ...args) {
  const { status } = spawnSync(command, args, { cwd: root, stdio: 'inherit', shell: process.platform === 'win32' });
  if (status !== 0) fail(`${[command, ...args].join(' ')} has failed.`);
}

function fail(why) {
  console.error(why);
  process.exit(1);
}

/** The version of all packages, which is one. */
function versionOfAll() {
  const versions = new Set(manifests.map(({ file }) => read(file).version));
  if (versions.size !== 1) fail(`The packages have ${versions.size} versions: ${[...versions].join(', ')}.`);
  return [...versions][0];
}

/** The next version by the changesets, or the first one as it is, and the date of the changelog's section about it. */
function version() {
  const pending = readdirSync(join(root, '.changeset')).filter((file) => file.endsWith('.md') && file !== 'README.md');
  if (pending.length > 0) run('pnpm', 'changeset', 'version');
  const next = versionOfAll();
  const file = join(root, 'CHANGELOG.md');
  const text = readFileSync(file, 'utf8');
  const heading = /^## (?:Unreleased|(\d\S*) \(unreleased\))$/m;
  const found = heading.exec(text);
  if (!found) fail('CHANGELOG.md has no section "## Unreleased": there is nothing to release.');
  if (found[1] && found[1] !== next) fail(`CHANGELOG.md is about ${found[1]}, the packages are ${next}.`);
  const today = new Date().toISOString().slice(0, 10);
  writeFileSync(file, text.replace(heading, `## ${next} (${today})`));
  console.log(
    `Version ${next}. Look at the changes, commit them, and publish with: git tag v${next} && git push origin v${next}`,
  );
}

/** The repository that this workflow runs in, for each package: npm compares the statement of provenance with it. */
function nameRepository() {
  const { GITHUB_SERVER_URL, GITHUB_REPOSITORY } = process.env;
  if (!GITHUB_SERVER_URL || !GITHUB_REPOSITORY) {
    fail('Packages are published by .github/workflows/release.yml, which says which repository they come from.');
  }
  const home = `${GITHUB_SERVER_URL}/${GITHUB_REPOSITORY}`;
  for (const { name, file } of manifests) {
    const directory = `packages/${name}`;
    const manifest = {
      ...read(file),
      homepage: `${home}/tree/main/${directory}#readme`,
      bugs: `${home}/issues`,
      repository: { type: 'git', url: `git+${home}.git`, directory },
    };
    writeFileSync(file, `${JSON.stringify(manifest, null, 2)}\n`);
  }
}

function publish() {
  const released = versionOfAll();
  const { GITHUB_REF_NAME: tag } = process.env;
  if (tag !== `v${released}`) fail(`The tag is ${tag}, the packages are ${released}.`);
  const changes = readFileSync(join(root, 'CHANGELOG.md'), 'utf8');
  if (!changes.includes(`\n## ${released} (2`))
    fail(`CHANGELOG.md has no dated section about ${released}: pnpm release:version`);
  nameRepository();
  if (flags.includes('--no-publish')) return;
  run('pnpm', 'build');
  run(
    'pnpm',
    '--recursive',
    '--filter',
    './packages/*',
    'publish',
    '--provenance',
    '--access',
    'public',
    '--no-git-checks',
  );
}

const commands = { version, publish };
const command = commands[process.argv[2]];
if (!command) fail(`There is ${Object.keys(commands).join(' and ')}.`);
command();
