import type { CronJob } from './clock-context.js';

type CronTime = CronJob['cronTime'];

const TEN_YEARS = 10 * 366 * 86_400;
const seen = new WeakMap<CronJob, Date | null>();
/** Jobs that have fired in this turn: a late one fires twice in it, for its tick and the next one, with one date. */
const justFired = new WeakSet<CronJob>();

/**
 * To be called when `job` is registered: what fires it later without a date of its own was called by hand.
 * @param hasFired - true where it fires just now
 */
export function watchFiring(job: CronJob, hasFired = false): void {
  if (!hasFired) seen.set(job, job.lastDate());
}

/**
 * The time, in milliseconds since 1970, that the tick which `job` fires now was planned for. Every process gives one tick the same time,
 * however late it fires. Now, where `fireOnTick()` was called by hand.
 */
export function tickOf(job: CronJob, now = Date.now()): number {
  const last = job.lastDate();
  if (last === seen.get(job) && !justFired.has(job)) return now;
  seen.set(job, last);
  justFired.add(job);
  queueMicrotask(() => justFired.delete(job));
  return lastPlanned(job.cronTime, now);
}

/** The latest time of `cronTime` that is not after `now`; `now` where it never was. */
export function lastPlanned(cronTime: CronTime, now: number): number {
  if (cronTime.realDate) return Number(cronTime.source);
  const zone = zoneOf(cronTime);
  // The library answers with the first time after the second that it is given, and knows no way back.
  const next = (second: number) => cronTime.getNextDateFrom(new Date(second * 1000), zone).toMillis();
  const end = Math.floor(now / 1000);
  let back = 1;
  while (next(end - back) > now) {
    back *= 2;
    if (back > TEN_YEARS) return now;
  }
  let before = end - back;
  let after = back === 1 ? end : end - back / 2;
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2);
    if (next(middle) > now) after = middle;
    else before = middle;
  }
  return next(before);
}

function zoneOf({ timeZone, utcOffset }: CronTime): string | undefined {
  if (utcOffset === undefined) return timeZone;
  const minutes = Math.abs(utcOffset);
  const two = (part: number) => String(part).padStart(2, '0');
  return `UTC${utcOffset < 0 ? '-' : '+'}${two(Math.trunc(minutes / 60))}:${two(minutes % 60)}`;
}
