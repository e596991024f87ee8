import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { pnpm } from '../pnpm.ts';

const packages = join(import.meta.dirname, '../../packages');

declare module 'vitest' {
  interface ProvidedContext {
    /** A folder outside the repository, so that nothing of the workspace can be found from there. */
    readonly outside: string;
    /** The packed file of each package, by the package's name. */
    readonly tarballs: Readonly<Record<string, string>>;
  }
}

/** Packs every package, once for all that look at them. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const outside = await mkdtemp(join(tmpdir(), 'tenancy-consumers-'));
  const tarballs: Record<string, string> = {};
  const pack = async (name: string) => {
    const folder = join(outside, 'packed', name);
    await mkdir(folder, { recursive: true });
    await pnpm(join(packages, name), 'pack', '--pack-destination', folder);
    const [file, ...others] = await readdir(folder);
    if (!file || others.length > 0) throw new Error(`Packing ${name} made ${[file, ...others].join(', ')}.`);
    tarballs[`@tenancy/${name}`] = join(folder, file);
  };
  await Promise.all((await readdir(packages)).map(pack));
  project.provide('outside', outside);
  project.provide('tarballs', tarballs);
  return () => rm(outside, { recursive: true, force: true, maxRetries: 5 });
}
