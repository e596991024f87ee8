import type { Blocker, ChangeProgress } from '@tenancy/postgres/changes';
import { lasting } from '../output/words.js';

/** The step that an event is about, in words: `2 of 5  backfill`. */
export function stepWords({ number, of, step }: ChangeProgress): string {
  return `${number} of ${of}  ${step}`;
}

/** How far a backfill is, in words. */
export function fillingWords({ rows = 0, estimate, rate, endsAt }: ChangeProgress): string {
  const of = estimate === undefined ? '' : ` of about ${estimate} (${Math.floor(shareOf({ rows, estimate }) * 100)} %)`;
  const speed = rate === undefined ? '' : `, ${Math.round(rate)} a second`;
  const left = endsAt === undefined ? '' : `, about ${lasting(endsAt.getTime() - Date.now())} left`;
  return `${rows}${of} rows${speed}${left}`;
}

/** The share of the rows that a backfill is past. */
export function shareOf({ rows = 0, estimate }: Pick<ChangeProgress, 'rows' | 'estimate'>): number {
  return estimate === undefined || estimate === 0 ? 0 : Math.min(1, rows / estimate);
}

/** The thing that is waited for, in words. @param named - a session in words, as the library's errors have it */
export function waitingWords(
  { for: what, blockers = [] }: ChangeProgress,
  named: (blocker: Blocker) => string,
): string {
  if (what === 'replica') return 'waiting for a replica that is behind';
  const thing = what === 'run' ? 'another run on this table' : 'a lock';
  const held = blockers.length === 0 ? '' : `, held by ${blockers.map(named).join('; ')}`;
  return `waiting for ${thing}${held}`;
}
