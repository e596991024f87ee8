/** The part of a schematic's tree that is used. Written down here, so that @angular-devkit is no dependency of the core. */
export interface Tree {
  exists(path: string): boolean;
  readText(path: string): string;
  create(path: string, content: string): void;
  overwrite(path: string, content: string): void;
  getDir(path: string): { visit(visitor: (path: string) => void): void };
}

/** The part of a schematic's context that is used. */
export interface Context {
  readonly logger: { info(message: string): void; warn(message: string): void };
  addTask(task: { toConfiguration(): object }, dependencies?: readonly unknown[]): unknown;
}

/** A reason to change nothing, and what to do. The tree of a schematic that throws is thrown away. */
export class NothingChanged extends Error {
  constructor(what: string, fix: string) {
    super(`@tenancy/core: ${what}. Nothing was changed. ${fix}`);
    this.name = 'NothingChanged';
  }
}

/** The text of a file, or null where there is none. */
export const textOf = (tree: Tree, path: string): string | null => (tree.exists(path) ? tree.readText(path) : null);

/** The paths of all files below a folder, which need not be there. */
export function filesBelow(tree: Tree, folder: string): string[] {
  const paths: string[] = [];
  // A tree hands over paths from its root.
  tree.getDir(folder).visit((path) => void paths.push(path.replace(/^\//, '')));
  return paths;
}

/** Changes, and things that are left to do, told at the end. */
export class Told {
  readonly #changed: string[] = [];
  readonly #left: string[] = [];

  changed(what: string): void {
    this.#changed.push(what);
  }

  left(what: string): void {
    this.#left.push(what);
  }

  tell({ logger }: Context, nothing: string): void {
    if (this.#changed.length === 0) logger.info(nothing);
    for (const what of this.#changed) logger.info(`- ${what}`);
    if (this.#left.length === 0) return;
    logger.info(this.#changed.length === 0 ? 'Still to do:' : 'Next:');
    for (const [n, what] of this.#left.entries()) logger.info(`${n + 1}. ${what}`);
  }
}
