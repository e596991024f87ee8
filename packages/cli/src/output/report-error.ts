import { exitCodeOf } from '../errors/exit-code.js';
import type { Output } from './output.js';

/**
 * Says what went wrong, and how to go on.
 *
 * @returns the exit code
 */
export function reportError(error: unknown, output: Output): number {
  const message = saidBy(error);
  const { code } = (error ?? {}) as { readonly code?: unknown };
  output.object({ type: 'error', code: typeof code === 'string' ? code : null, message });
  if (output.isVerbose) output.complaint(stacksOf(error).join('\ncaused by: '));
  else output.complaint(message);
  return exitCodeOf(error);
}

function saidBy(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.message !== '') return error.message;
  return error instanceof AggregateError ? error.errors.map(saidBy).join('; ') : error.name;
}

function stacksOf(error: unknown): readonly string[] {
  if (!(error instanceof Error)) return [String(error)];
  return [error.stack ?? error.message, ...(error.cause === undefined ? [] : stacksOf(error.cause))];
}
