import { counted } from './headline.js';
import type { BaselineOutcome } from './isolation-report.js';

/** A sentence on what to do about the baseline after a proof; empty where nothing is to be done. */
export function baselineLine(baseline: BaselineOutcome | undefined): string {
  if (!baseline) return '';
  const { file, obsolete, isWritten } = baseline;
  if (obsolete.length === 0) return isWritten ? `${file} was written. Commit it.` : '';
  const entries = `${counted(obsolete.length, 'entry', 'entries')} (${obsolete.join(', ')})`;
  return isWritten
    ? `${file} has become smaller by ${entries}. Commit it.`
    : `${file} accepts what is proven now or gone: ${entries}. It is not written where CI is set: run the tests on your machine, and commit it.`;
}
