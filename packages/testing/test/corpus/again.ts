/** Does `work` until it is true, five times at most: a moment that has to be met may be missed on a busy machine. */
export async function again(work: () => Promise<boolean>): Promise<boolean> {
  for (let n = 0; n < 5; n += 1) if (await work()) return true;
  return false;
}
