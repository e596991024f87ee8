import type { UnreachedBranch } from '../branches/unreached-branches.js';
import { counted } from './headline.js';
import type { IsolationReport } from './isolation-report.js';

/** A branch, and the entrances at which its function ran. */
export interface UnreachedOnce {
  readonly branch: UnreachedBranch;
  readonly entrances: readonly string[];
}

/** Branches of all entrances, each once; those that only throw are refusals, and only counted. */
export function unreachedOnce({ entrances }: IsolationReport): {
  readonly branches: readonly UnreachedOnce[];
  readonly refusals: number;
} {
  const found = new Map<string, { readonly branch: UnreachedBranch; readonly entrances: string[] }>();
  for (const { entrance, unreached } of entrances) {
    for (const branch of unreached) {
      const key = `${branch.file}:${branch.line}:${branch.input ?? ''}`;
      const known = found.get(key) ?? { branch, entrances: [] };
      found.set(key, known);
      known.entrances.push(entrance.id);
    }
  }
  const all = [...found.values()];
  const branches = all.filter(({ branch }) => !branch.onlyThrows);
  return { branches, refusals: all.length - branches.length };
}

/** `3 branches were reached by no request; 2 more only throw.` */
export function unreachedSentence(count: number, refusals: number): string {
  const were = count === 1 ? 'was' : 'were';
  const more = refusals === 0 ? '' : `; ${counted(refusals, 'more only throws', 'more only throw')}`;
  return `${counted(count, 'branch', 'branches')} ${were} reached by no request${more}.`;
}
