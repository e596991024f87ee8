import type { AttackName, Evidence } from '../../report/isolation-report.js';
import { evidenceOf } from '../target/evidence.js';
import type { Attempt, Target } from '../target/target.js';

/** The result of an attack. */
export interface Finding {
  readonly verdict: 'proven' | 'leaks' | 'unproven' | 'not applicable';
  readonly why: string;
  readonly evidence: Evidence | null;
  /** True when no further attack can be meaningful. */
  readonly endsAttacks?: boolean;
}

/** One way to get at another tenant's data. */
export interface Attack {
  readonly name: AttackName;
  /** True where it is tried with the first tenant as the attacker alone: it takes long, and finds the same the other way round. */
  readonly isOneWay?: boolean;
  run(target: Target): Promise<Finding>;
}

export function proven(why: string): Finding {
  return { verdict: 'proven', why, evidence: null };
}

/** There was nothing to try. */
export function notApplicable(why: string): Finding {
  return { verdict: 'not applicable', why, evidence: null };
}

export function unproven(why: string, attempt?: Attempt): Finding {
  return { verdict: 'unproven', why, evidence: attempt ? evidenceOf(attempt) : null };
}

export function leaks(why: string, attempt: Attempt): Finding {
  return { verdict: 'leaks', why, evidence: evidenceOf(attempt) };
}

/** The leak that an attempt showed: data, or a change of rows. Null where there is none. */
export function leakOf(attempt: Attempt, target: Target, how: string): Finding | null {
  const [sighting] = attempt.sightings;
  if (sighting) {
    const { what, tenantId } = sighting.canary;
    const whose = target.harness.tenants.find(({ id }) => id === tenantId)?.slug ?? tenantId;
    return leaks(`${how}, ${what} of ${whose} was seen at ${sighting.path} when ${target.own.slug} called.`, attempt);
  }
  const [change] = attempt.changes;
  if (!change) return null;
  const { table, before, after } = change;
  const happened = before ? (after ? 'changed' : 'deleted') : 'added';
  return leaks(`${how}, a row of another tenant was ${happened} in ${table}.`, attempt);
}

/** An answer in short: its status, or that there was none. */
export function statusOf({ answer, error, isRefused }: Attempt): string {
  if (answer) return String(answer.status);
  return isRefused ? `an error (${error?.message ?? ''})` : 'an answer';
}
