import { CliError } from './cli-error.js';

/** The exit code of a command: scripts and CI depend on it. */
export const EXIT = { done: 0, failed: 1, wrongUse: 2, interruptedTwice: 130 } as const;

/** Codes of errors that are about a run, and not about its call. */
const OF_A_RUN: readonly string[] = ['tenants_unlisted', 'database_unreachable', 'interrupted'];

export function exitCodeOf(error: unknown): number {
  if (error instanceof CliError) return OF_A_RUN.includes(error.code) ? EXIT.failed : EXIT.wrongUse;
  // An option that the library refuses came from a flag or the configuration.
  return (error as { readonly code?: unknown } | null)?.code === 'floor_misconfigured' ? EXIT.wrongUse : EXIT.failed;
}
