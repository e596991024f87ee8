import { readdirSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';

export const root = resolve(import.meta.dirname, '../..');

const NOT_OURS = new Set(['node_modules', 'dist', 'generated', '.git', 'coverage']);

/** The repository's own files, relative to it: nothing that was installed, built or generated. */
export function filesOf(name = /(?:)/): readonly string[] {
  known ??= below(root);
  return known.filter((file) => name.test(file));
}
let known: readonly string[] | undefined;

function below(folder: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return NOT_OURS.has(entry.name) ? [] : below(path);
    return entry.isFile() ? [relative(root, path)] : [];
  });
}
