import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Runs `detection.ts` with these variables, and answers with the lines that it wrote. */
export async function verdictsOf(variables) {
  const folder = mkdtempSync(join(tmpdir(), 'detection-'));
  const file = join(folder, 'verdicts');
  const run = spawn(
    process.execPath,
    ['node_modules/vitest/vitest.mjs', 'run', '--config', 'vitest.workspace.ts', '--project', 'testing'],
    { stdio: ['ignore', 2, 2], env: { ...process.env, DETECTION: file, ...variables } },
  );
  await once(run, 'close');
  const lines = existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
  rmSync(folder, { recursive: true });
  return lines.map((line) => JSON.parse(line));
}
