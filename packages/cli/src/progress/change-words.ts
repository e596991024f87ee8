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

/** The thing that is waited for, in words. */
export function waitingWords({ for: what, blockers = [] }: ChangeProgress): string {
  if (what === 'replica') return 'waiting for a replica that is behind';
  const thing = what === 'run' ? 'another run on this table' : 'a lock';
  const held = blockers.length === 0 ? '' : `, held by ${blockers.map(blockerWords).join('; ')}`;
  return `waiting for ${thing}${held}`;
}

function blockerWords({ pid, role, application, state, kind, seconds }: Blocker): string {
  const who = kind === null || kind === 'client backend' ? `role ${role ?? 'unknown'}` : kind;
  const named = application === '' ? '' : `, ${JSON.stringify(application)}`;
  const since = seconds === null ? '' : `, transaction open for ${Math.round(seconds)} s`;
  return `process ${pid} (${who}${named}, ${state ?? 'active'}${since})`;
}
