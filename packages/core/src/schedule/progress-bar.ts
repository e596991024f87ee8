import type { Progress } from './progress.js';

const WIDTH = 24;

/** A stream as a terminal has it. */
export interface BarStream {
  readonly isTTY?: boolean | undefined;
  /** Writes a text as it is. */
  write(text: string): unknown;
}

/**
 * A bar for `onProgress`, on one line of the terminal. Where there is none, as in a log, it is silent.
 *
 * @param stream - defaults to `process.stderr`
 * @example
 * ```ts
 * import { progressBar, type TenantRunner } from '@tenancy/core/schedule';
 *
 * const run = (runner: TenantRunner) => runner.forEach(() => {}, { onProgress: progressBar('invoices') });
 * ```
 */
export function progressBar(label: string, stream: BarStream = process.stderr): (progress: Progress) => void {
  let last = -1;
  return ({ done, failed, skipped, total }) => {
    if (!stream.isTTY) return;
    const visited = done + failed + skipped;
    const part = total > 0 ? Math.min(visited / total, 1) : 1;
    const percent = Math.floor(part * 100);
    // Not ten thousand lines for ten thousand tenants.
    if (percent === last && visited < total) return;
    last = percent;
    const full = Math.round(part * WIDTH);
    const bar = '█'.repeat(full) + '░'.repeat(WIDTH - full);
    const wrong = failed > 0 ? `, ${failed} failed` : '';
    stream.write(
      `\r\u001b[K${label} ${bar} ${percent} % (${visited} of ${total}${wrong})${visited >= total ? '\n' : ''}`,
    );
  };
}
