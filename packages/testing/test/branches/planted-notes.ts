import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { IsolationReport, ProofOptions } from '../../src/index.js';
import { BranchesModule, notes } from './branches.js';
import { acme, globex } from './tenants.js';

/** The report on the application, with this library as it was imported. */
export async function reportOn(
  { createIsolationHarness, proveIsolation }: typeof import('../../src/index.js'),
  options: ProofOptions = {},
): Promise<IsolationReport> {
  notes.length = 0;
  const harness = await createIsolationHarness(BranchesModule, {
    tenants: { acme, globex },
    seed: async (tenant, { canary }) => {
      const note = { id: `note-${tenant.slug}-${notes.length}`, tenantId: tenant.id, text: canary('text') };
      notes.push(note);
      return { note };
    },
  });
  onTestFinished(() => harness.close());
  return proveIsolation(harness, options);
}

/** The line of the application that begins with this text. */
export function lineOf(text: string): number {
  const lines = readFileSync(join(import.meta.dirname, 'branches.ts'), 'utf8').split('\n');
  return lines.findIndex((line) => line.trim().startsWith(text)) + 1;
}

export const FILE = 'packages/testing/test/branches/branches.ts';
