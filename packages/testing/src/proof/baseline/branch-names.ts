import type { UnreachedBranch } from '../../branches/unreached-branches.js';

/**
 * A name for each branch that stays when lines move: `src/jobs.ts: if (archived) {`. The second branch of an equal line has another:
 * `src/jobs.ts: if (archived) { (2)`.
 */
export function branchNames(branches: readonly UnreachedBranch[]): readonly string[] {
  const counts = new Map<string, number>();
  return branches.map(({ file, text }) => {
    const name = `${file}: ${text}`;
    const count = (counts.get(name) ?? 0) + 1;
    counts.set(name, count);
    return count === 1 ? name : `${name} (${count})`;
  });
}
