import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const EXAMPLE = 'examples/hiring-platform';

/**
 * Installs what the example and its build run on, and nothing that only tests need: a third of the packages, a quarter of the bytes.
 * Where everything was installed already, for work on the repository, everything is kept up to date.
 */
export async function install(root, steps) {
  const stamp = join(root, '.start/installed');
  const wanted = fingerprint(root);
  const isThere = existsSync(join(root, EXAMPLE, 'node_modules/@nestjs/core'));
  if (isThere && existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return link(root);
  const filter = hasEverything(root)
    ? []
    : ['--prod', '--frozen-lockfile', '--filter', 'tenancy', '--filter', 'hiring-platform...'];
  await steps.run('Installing what the example runs on', async (tell) => {
    const progress = new InstallProgress(tell);
    await steps.command(...pnpm(['install', ...filter, ...QUICKLY]), {
      cwd: root,
      read: (line) => progress.read(line),
      hint: 'Nothing was started. The registry of npm has to be reachable for this step; the same command goes on where it was.',
    });
    return progress.summary();
  });
  link(root);
  writeFileSync(stamp, wanted);
}

const QUICKLY = [
  '--reporter=ndjson',
  '--prefer-offline',
  // Asks the registry when each of 1,200 versions was published: more to download than the packages. Whoever changes the lockfile asks.
  '--config.minimumReleaseAge=0',
];

/** Packages that this work needs and the example does not are installed: `pnpm install` was called, or `pnpm test`. */
const hasEverything = (root) => existsSync(join(root, 'packages/core/node_modules/@nestjs/common'));

/**
 * Peers of the packages, such as Nest, are the application's. In the workspace a package looks for them beside itself, where they are
 * for its tests; without these it finds, one folder further up, those of the example, as if it were installed there.
 */
function link(root) {
  const folder = join(root, 'packages/node_modules');
  rmSync(folder, { force: true, recursive: true });
  if (hasEverything(root)) return;
  // A link of Windows that needs no rights is absolute.
  const modules = join(EXAMPLE, 'node_modules');
  if (process.platform === 'win32') symlinkSync(join(root, modules), folder, 'junction');
  else symlinkSync(join('..', modules), folder);
}

/** A text that is another one where something else has to be installed. */
function fingerprint(root) {
  const packages = readdirSync(join(root, 'packages')).map((name) => `packages/${name}/package.json`);
  const files = ['pnpm-lock.yaml', 'pnpm-workspace.yaml', 'package.json', `${EXAMPLE}/package.json`, ...packages];
  const hash = createHash('sha256').update(`${process.platform} ${process.arch}`);
  for (const file of files) if (existsSync(join(root, file))) hash.update(readFileSync(join(root, file)));
  return hash.digest('hex');
}

/** The pnpm that is on the path, as it is below `npx pnpm@12 start`; or the same one for a start by Node alone. */
function pnpm(args) {
  const names = process.platform === 'win32' ? ['pnpm.cmd', 'pnpm.exe'] : ['pnpm'];
  const folders = (process.env.PATH ?? '').split(delimiter);
  const isOnPath = folders.some((folder) => names.some((name) => existsSync(join(folder, name))));
  return isOnPath ? ['pnpm', args] : ['npx', ['--yes', 'pnpm@12', ...args]];
}

/** How far pnpm is, from what it reports as JSON: packages that are in place, and bytes. */
class InstallProgress {
  #sizes = new Map();
  #downloaded = new Map();
  #known = new Set();
  #placed = new Set();

  constructor(tell) {
    this.tell = tell;
  }

  read(line) {
    let event;
    try {
      event = JSON.parse(line);
    } catch {
      return line;
    }
    const { name, status, packageId, size, downloaded } = event;
    if (name === 'pnpm:progress') (status === 'imported' ? this.#placed : this.#known).add(packageId ?? event.to);
    if (name === 'pnpm:fetching-progress' && size) this.#sizes.set(packageId, size);
    if (name === 'pnpm:fetching-progress' && downloaded) this.#downloaded.set(packageId, downloaded);
    if (status === 'fetched') this.#downloaded.set(packageId, this.#sizes.get(packageId) ?? 0);
    if (name?.startsWith('pnpm:')) this.tell(this.summary());
    if (event.level === 'error') return event.err?.message ?? event.message ?? line;
    return undefined;
  }

  summary() {
    const megabytes = (of) => Math.round([...of.values()].reduce((sum, size) => sum + size, 0) / 1e6);
    const parts = [];
    if (this.#placed.size > 0)
      parts.push(`${this.#placed.size} of ${Math.max(this.#known.size, this.#placed.size)} packages`);
    if (this.#sizes.size > 0) parts.push(`${megabytes(this.#downloaded)} MB downloaded`);
    return parts.join(', ');
  }
}
