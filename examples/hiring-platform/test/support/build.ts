import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** Before the tests: the Prisma client they import, and the program that `start.test.ts` runs. */
export default async function build(): Promise<void> {
  const cwd = fileURLToPath(new URL('../..', import.meta.url));
  await promisify(execFile)('pnpm', ['build'], { cwd });
}
