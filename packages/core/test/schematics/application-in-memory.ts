import type { Context, Tree } from '../../src/schematics/workspace.js';

/** The files of an application, as a schematic sees them, with what it said and what it would have had run. */
export class ApplicationInMemory implements Tree, Context {
  readonly files: Map<string, string>;
  readonly said: string[] = [];
  readonly tasks: object[] = [];
  readonly logger = {
    info: (message: string) => void this.said.push(message),
    warn: (message: string) => void this.said.push(message),
  };

  constructor(files: Readonly<Record<string, string | object>>) {
    this.files = new Map(
      Object.entries(files).map(([path, file]) => [path, typeof file === 'string' ? file : JSON.stringify(file)]),
    );
  }

  exists(path: string): boolean {
    return this.files.has(path);
  }

  readText(path: string): string {
    const text = this.files.get(path);
    if (text === undefined) throw new Error(`There is no ${path}.`);
    return text;
  }

  create(path: string, content: string): void {
    if (this.exists(path)) throw new Error(`${path} is there already.`);
    this.files.set(path, content);
  }

  overwrite(path: string, content: string): void {
    if (!this.exists(path)) throw new Error(`There is no ${path}.`);
    this.files.set(path, content);
  }

  getDir(folder: string) {
    return {
      visit: (visitor: (path: string) => void) => {
        for (const path of [...this.files.keys()]) if (path.startsWith(`${folder}/`)) visitor(`/${path}`);
      },
    };
  }

  addTask(task: { toConfiguration(): object }): number {
    return this.tasks.push(task.toConfiguration());
  }

  /** All files as they are now. */
  get now(): Record<string, string> {
    return Object.fromEntries(this.files);
  }
}
