import { counted } from './headline.js';
import type { IsolationReport } from './isolation-report.js';

/** A sentence on what to do about the baseline after a proof; empty where nothing is to be done. */
export function baselineLine({ baseline, counts, entrances }: IsolationReport): string {
  if (!baseline) return '';
  const { file, obsolete, isWritten } = baseline;
  if (obsolete.length === 0) {
    if (!isWritten) return '';
    const entered = `${counts.accepted} of ${counted(entrances.length, 'entrance', 'entrances')}`;
    return `${file} was written, and accepts ${entered} as not proven yet. Commit it.`;
  }
  const entries = `${counted(obsolete.length, 'entry', 'entries')} (${obsolete.join(', ')})`;
  return isWritten
    ? `${file} has become smaller by ${entries}. Commit it.`
    : `${file} accepts what is proven now or gone: ${entries}. It is not written where CI is set: run the tests on your machine, and commit it.`;
}
