// Leaves of what was installed what the example runs on: an image has no use for what has built it.
import { existsSync, readdirSync, realpathSync, rmSync } from 'node:fs';
import { join, sep } from 'node:path';

const root = join(import.meta.dirname, '..');
const store = join(root, 'node_modules/.pnpm');
/** Dependencies, or peers, which are asked for when something is built alone. */
const BUILDERS = ['prisma', 'typescript'];

const kept = new Set();
keep(join(root, 'examples/hiring-platform/node_modules'));
for (const name of readdirSync(join(root, 'packages'))) keep(join(root, 'packages', name, 'node_modules'));
for (const name of readdirSync(store)) {
  if (name !== 'node_modules' && !kept.has(name)) rmSync(join(store, name), { recursive: true });
}

/** Packages that lie in this folder, and those that they find. */
function keep(folder) {
  for (const name of namesIn(folder)) {
    if (BUILDERS.includes(name)) continue;
    const [, entry] = realpathSync(join(folder, name)).split(`.pnpm${sep}`);
    const owner = entry?.split(sep)[0];
    if (!owner || kept.has(owner)) continue;
    kept.add(owner);
    keep(join(store, owner, 'node_modules'));
  }
}

function namesIn(folder) {
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder).filter((name) => !name.startsWith('.'));
  return names.flatMap((name) =>
    name.startsWith('@') ? readdirSync(join(folder, name)).map((part) => `${name}/${part}`) : [name],
  );
}
