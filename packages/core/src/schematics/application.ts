import { dirname, join, posix } from 'node:path';
import { parse, type TypeScript } from './edit.js';
import { startedModule } from './module-registration.js';
import { filesBelow, NothingChanged, type Tree, textOf } from './workspace.js';

/** The ORMs that have a scope. */
export const ORMS = ['prisma', 'typeorm'] as const;
export type Orm = (typeof ORMS)[number];

interface Manifest {
  readonly type?: string;
  readonly scripts?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

/** A package that an application needs, and the range that goes with its Nest. */
export interface Needed {
  readonly name: string;
  readonly range: string;
  readonly isDev?: boolean;
}

/** An application as its files show it, without running it. */
export interface Application {
  readonly sourceRoot: string;
  readonly manifest: Manifest;
  readonly isEsm: boolean;
  /** The major version of Nest: 11 or 12. */
  readonly nest: number;
  /** The folder of `package.json` is the root of the tree. */
  readonly has: (name: string) => boolean;
  readonly orms: readonly Orm[];
}

/** @throws NothingChanged where there is no Nest application. */
export function readApplication(tree: Tree, { sourceRoot }: { readonly sourceRoot?: string | undefined }): Application {
  const manifest = readManifest(tree);
  const declared = { ...manifest.devDependencies, ...manifest.dependencies };
  const has = (name: string) => name in declared;
  if (!has('@nestjs/core')) {
    throw new NothingChanged('package.json has no @nestjs/core', 'Run this in the folder of a Nest application.');
  }
  refuseOldNest(tree, declared['@nestjs/core']);
  // The CLI says `undefined` as a word where nest-cli.json has none.
  const root = sourceRoot && sourceRoot !== 'undefined' ? posix.normalize(sourceRoot) : 'src';
  return {
    sourceRoot: root,
    manifest,
    isEsm: manifest.type === 'module',
    nest: major(declared['@nestjs/core']) ?? major(installedVersion(tree, '@nestjs/core')) ?? 12,
    has,
    orms: ORMS.filter((orm) => has(orm === 'prisma' ? '@prisma/client' : 'typeorm')),
  };
}

function readManifest(tree: Tree): Manifest {
  const text = textOf(tree, 'package.json');
  try {
    return JSON.parse(text ?? '') as Manifest;
  } catch {
    throw new NothingChanged(
      text === null ? 'there is no package.json here' : 'package.json is no JSON',
      'Run this in the folder of a Nest application.',
    );
  }
}

/** @throws NothingChanged where the Nest that is installed, or else declared, is older than the packages need. */
function refuseOldNest(tree: Tree, declared: string | undefined): void {
  const installed = installedVersion(tree, '@nestjs/core');
  const [one = 0, two = 0, three = 0] = (installed ?? '').split(/\D/).map(Number);
  const isOld = installed
    ? one < 11 || (one === 11 && (two < 1 || (two === 1 && three < 4)))
    : (major(declared) ?? 11) < 11;
  if (!isOld) return;
  throw new NothingChanged(
    `Nest is ${installed ?? declared}, and @tenancy needs 11.1.4 or later`,
    'Update Nest first: npm install @nestjs/core@11 @nestjs/common@11, and what else there is of Nest.',
  );
}

const major = (version: string | null | undefined) => Number(/\d+/.exec(version ?? '')?.[0]) || null;

/** The version of a package in `node_modules`, or null. */
export function installedVersion(tree: Tree, name: string): string | null {
  const text = textOf(tree, `node_modules/${name}/package.json`);
  return text === null ? null : (JSON.parse(text) as { version: string }).version;
}

/** The root module: its file, and its class where `main.ts` tells. */
export interface RootModule {
  readonly path: string;
  readonly className: string | null;
}

/**
 * The module that `main.ts` starts, or `app.module.ts`.
 *
 * @param given the file that a person names
 * @param otherwise the file that it is where nothing else tells
 * @throws NothingChanged where there is neither.
 */
export function rootModule(
  ts: TypeScript,
  tree: Tree,
  sourceRoot: string,
  given: string | undefined,
  otherwise?: string,
): RootModule {
  if (given !== undefined) {
    const path = [given, join(sourceRoot, given)]
      .map((each) => posix.normalize(each))
      .find((each) => tree.exists(each));
    if (path) return { path, className: null };
    throw new NothingChanged(
      `there is no file ${given}`,
      'Name the file of the root module: --module src/app.module.ts',
    );
  }
  const mainPath = posix.join(sourceRoot, 'main.ts');
  const main = textOf(tree, mainPath);
  const started = main === null ? null : startedModule(ts, parse(ts, mainPath, main));
  if (started && started.from === null) return { path: mainPath, className: started.name };
  if (started?.from?.startsWith('.')) {
    const base = posix.join(dirname(mainPath), started.from).replace(/\.[cm]?[jt]s$/, '');
    const path = [`${base}.ts`, `${base}.mts`, `${base}/index.ts`].find((each) => tree.exists(each));
    if (path) return { path, className: started.name };
  }
  const usual = posix.join(sourceRoot, 'app.module.ts');
  if (tree.exists(usual)) return { path: usual, className: null };
  if (otherwise !== undefined) return { path: otherwise, className: null };
  throw new NothingChanged(
    `${mainPath} does not tell which module it starts, and there is no ${usual}`,
    'Name the file of the root module: --module src/app.module.ts',
  );
}

/** The path of a file as another one imports it, without an ending. */
export function importPath(from: string, to: string): string {
  const path = posix.relative(posix.dirname(from), to).replace(/\.ts$/, '');
  return path.startsWith('.') ? path : `./${path}`;
}

/** All TypeScript files of the sources, but no tests. */
export function sourceFiles(tree: Tree, sourceRoot: string): { path: string; text: string }[] {
  const isSource = (path: string) => /\.[cm]?ts$/.test(path) && !/\.d\.ts$|spec\.ts$|node_modules/.test(path);
  return filesBelow(tree, sourceRoot)
    .filter(isSource)
    .map((path) => ({ path, text: tree.readText(path) }));
}
