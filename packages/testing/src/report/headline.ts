import type { IsolationReport } from './isolation-report.js';

/** One line: the worst that was found first. */
export function headline({ verdict, counts, entrances }: IsolationReport): string {
  if (verdict === 'isolated' || verdict === 'accepted') {
    const exempt = counts.exempt === 0 ? '' : `, ${counts.exempt} exempt`;
    const proven = `${counted(counts.proven, 'entrance', 'entrances')} proven${exempt}`;
    return verdict === 'isolated'
      ? `Isolated: ${proven}`
      : `No worse than the baseline: ${counts.accepted} accepted, ${proven}`;
  }
  const found: string[] = [];
  if (counts.leaks > 0) {
    found.push(
      `${counts.leaks} of ${counted(entrances.length, 'entrance', 'entrances')} ${counts.leaks === 1 ? 'leaks' : 'leak'}`,
    );
  }
  if (counts.unproven > 0) found.push(`${counts.unproven} unproven`);
  if (found.length > 0) return found.join(', ');
  const accepted = counted(counts.accepted, 'entrance', 'entrances');
  return counts.accepted === 0
    ? 'Nothing is proven'
    : `Nothing is proven: the baseline accepts ${accepted}, and none of them works for the tenant itself`;
}

export function counted(count: number, one: string, many: string): string {
  return `${count.toLocaleString('en')} ${count === 1 ? one : many}`;
}
