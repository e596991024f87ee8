import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { IsolationHarness } from '../../harness/isolation-harness.js';

/** Milliseconds between two looks, and how many have to agree. */
const BETWEEN = 100;
const AGREEING = 3;
const MOST = 20;

/** Waits until nothing is written any more: work that goes on after an answer would be done in one world and not yet in another. */
export async function quiet({ tenants, rowsOf }: IsolationHarness): Promise<void> {
  let [seen, agreeing]: [unknown, number] = [null, 0];
  for (let n = 0; n < MOST && agreeing < AGREEING; n += 1) {
    await sleep(BETWEEN);
    const rows = rowsOf ? await Promise.all(tenants.map((tenant) => rowsOf(tenant))) : [];
    agreeing = isDeepStrictEqual(rows, seen) ? agreeing + 1 : 0;
    seen = rows;
  }
}
