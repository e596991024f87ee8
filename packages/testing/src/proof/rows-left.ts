import type { IsolationHarness } from '../harness/isolation-harness.js';
import { rowChanges } from './target/row-changes.js';

/** Takes away what was planted, and counts the rows that are left nevertheless, by table. */
export async function cleaned(harness: IsolationHarness): Promise<Readonly<Record<string, number>>> {
  await harness.clean();
  const left: Record<string, number> = {};
  for (const tenant of harness.tenants.slice(0, 2)) {
    const before = harness.rowsAtStart.get(tenant.id);
    const after = await harness.rowsOf?.(tenant);
    if (!before || !after) continue;
    for (const change of rowChanges(before, after)) {
      if (change.before === null) left[change.table] = (left[change.table] ?? 0) + 1;
    }
  }
  return left;
}
