import { mkdir, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ending, run } from './run.mjs';

const packages = join(import.meta.dirname, '../../packages');

/** Packs every package into `folder`, and answers with its tarball, manifest and sizes in bytes. */
export async function pack(folder) {
  const packed = [];
  for (const name of (await readdir(packages)).filter((entry) => entry !== 'node_modules')) {
    const target = join(folder, 'packed', name);
    await mkdir(target, { recursive: true });
    const done = await run('pnpm', ['pack', '--pack-destination', target], join(packages, name));
    if (done.code !== 0) throw new Error(ending(done).join('\n'));
    const tarball = join(
      target,
      (await readdir(target)).find((file) => file.endsWith('.tgz')),
    );
    const content = join(folder, 'unpacked', name);
    await mkdir(content, { recursive: true });
    await run('tar', ['-xzf', tarball, '-C', content], content);
    const manifest = JSON.parse(await readFile(join(content, 'package/package.json'), 'utf8'));
    packed.push({
      name: manifest.name,
      folder: join(packages, name),
      tarball,
      manifest,
      ...(await sizes(tarball, content)),
    });
  }
  return packed;
}

async function sizes(tarball, content) {
  let unpacked = 0;
  for (const entry of await readdir(content, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) unpacked += (await stat(join(entry.parentPath, entry.name))).size;
  }
  return { packed: (await stat(tarball)).size, unpacked };
}

/** Entries of a package that somebody may import, by its `exports`: the package itself and its subpaths, but for the manifest. */
export const entriesOf = ({ name, manifest }) =>
  Object.keys(manifest.exports)
    .filter((subpath) => subpath !== './package.json')
    .map((subpath) => name + subpath.slice(1));

/** Sizes that whoever installs a package pays, where they are over its budget in test/release/budgets.json, in kilobytes. */
export function overBudget({ name, packed, unpacked }, budgets) {
  const budget = budgets[name];
  if (!budget) return [`${name} has no budget in test/release/budgets.json`];
  return Object.entries({ packed, unpacked })
    .filter(([size, bytes]) => bytes > budget[size] * 1000)
    .map(
      ([size, bytes]) =>
        `${kilobytes(bytes)} ${size}, of ${budget[size]} kB: make it smaller, or say in the budget why not`,
    );
}

export const kilobytes = (bytes) => `${Math.round(bytes / 1000)} kB`;
