import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Names of a configuration. */
export const CONFIG_FILES = ['ts', 'mts', 'js', 'mjs', 'cjs', 'json'].map((ending) => `tenancy.config.${ending}`);

/** The files of the nearest folder that has one, from `folder` upwards: more than one where it is unknown which is meant. */
export function findConfig(folder: string): readonly string[] {
  const found = CONFIG_FILES.map((name) => join(folder, name)).filter((file) => existsSync(file));
  const parent = dirname(folder);
  return found.length > 0 || parent === folder ? found : findConfig(parent);
}
