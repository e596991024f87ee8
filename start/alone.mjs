import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';

/** Does `work` while no other start of this clone does: two that install and build in the same folders would break each other. */
export async function alone(root, steps, work) {
  mkdirSync(join(root, '.start'), { recursive: true });
  const lock = join(root, '.start/lock');
  const own = String(process.pid);
  for (let waited = false; !take(lock, own); waited = true) {
    if (!waited) steps.announce(`Another start is preparing (process ${ownerOf(lock)}). This one goes on after it …`);
    await setTimeout(200);
  }
  const release = () => {
    if (ownerOf(lock) === own) rmSync(lock, { force: true });
  };
  process.once('exit', release);
  try {
    await work();
  } finally {
    release();
    process.off('exit', release);
  }
}

function take(lock, own) {
  try {
    writeFileSync(lock, own, { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
    // The owner was killed, and could not release it.
    const owner = ownerOf(lock);
    if (owner !== undefined && owner !== '' && !isAlive(Number(owner))) rmSync(lock, { force: true });
    return false;
  }
}

/** Text of the lock: a process; empty for the moment in which it is written, and undefined where there is none. */
function ownerOf(lock) {
  try {
    return readFileSync(lock, 'utf8');
  } catch {
    return undefined;
  }
}

function isAlive(process_) {
  try {
    process.kill(process_, 0);
    return true;
  } catch (error) {
    // It is there, and belongs to another user.
    return error.code === 'EPERM';
  }
}
