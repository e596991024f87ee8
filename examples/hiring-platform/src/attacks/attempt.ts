import type { Tenant } from '@tenancy/core';

/** A part of the isolation that can refuse by itself. */
export type Layer = 'entrance' | 'scope' | 'floor' | 'queue stamp' | 'cache wall' | 'sockets';

/** The outcome of an attempt. All of it was seen, and none of it is known beforehand. */
export interface Outcome {
  readonly request: string;
  readonly answer: string;
  /** Null where nothing did. */
  readonly refusedBy: Layer | null;
  /** Rows of the other company that were read or written. */
  readonly foreignRows: number;
  /** That there was something to get: the same, asked for by the other company itself. */
  readonly control: { readonly says: string; readonly holds: boolean };
}

export type Verdict = 'REFUSED' | 'LEAK' | 'INCONCLUSIVE';

/** An attempt at another company's data. */
export interface Attempt {
  readonly id: string;
  readonly title: string;
  readonly does: string;
  run(own: Tenant, other: Tenant): Promise<Outcome>;
}

/** A foreign row is a leak, whoever claims to have refused; and so is what nobody refused, where there was something to get. */
export function verdictOn({ refusedBy, foreignRows, control }: Outcome): Verdict {
  if (foreignRows > 0) return 'LEAK';
  if (!control.holds) return 'INCONCLUSIVE';
  return refusedBy === null ? 'LEAK' : 'REFUSED';
}

/** How many of these ids a text names. */
export const named = (text: string, ids: readonly string[]): number => ids.filter((id) => text.includes(id)).length;
