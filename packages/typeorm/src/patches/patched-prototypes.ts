/** The changes made to a copy of TypeORM, and how many data sources rely on them. */
const patched = new Map<object, { users: number; readonly undo: readonly (() => void)[] }>();

/**
 * Changes what the data sources of one copy of TypeORM share, once.
 *
 * @param of - what is changed, to know it again.
 * @param apply - changes it, and returns what undoes it.
 * @returns undoes it, once no other data source relies on it.
 */
export function patchOnce(of: object, apply: () => readonly (() => void)[]): () => void {
  const entry = patched.get(of) ?? { users: 0, undo: apply() };
  patched.set(of, entry);
  entry.users += 1;
  let isUndone = false;
  return () => {
    if (isUndone) return;
    isUndone = true;
    entry.users -= 1;
    if (entry.users > 0) return;
    for (const undo of entry.undo) undo();
    patched.delete(of);
  };
}
