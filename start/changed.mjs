import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Time of the last change of these files and folders below `root`, in milliseconds; 0 where there is none. */
export function changed(root, ...paths) {
  return Math.max(
    0,
    ...paths.map((path) => {
      const file = join(root, path);
      if (!existsSync(file)) return 0;
      const stat = statSync(file);
      if (!stat.isDirectory()) return stat.mtimeMs;
      return changed(
        root,
        ...readdirSync(file)
          .filter((name) => name !== 'generated')
          .map((name) => join(path, name)),
      );
    }),
  );
}
