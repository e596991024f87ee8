import type { CoverageOfProof } from '../branches/proof-coverage.js';
import type { UnreachedBranch } from '../branches/unreached-branches.js';
import type { Sighting } from '../canaries/canary.js';
import type { Entrance } from '../discovery/entrance.js';
import type { SentRequest } from '../http-request.js';

/** The verdict on an entrance. `accepted`: it leaks or is unproven, and the baseline knows it. */
export type ProofVerdict = 'proven' | 'leaks' | 'unproven' | 'accepted' | 'exempt';

/** The name of what is tried at an entrance. */
export type AttackName =
  /** Nothing foreign yet: the tenant's own request works, and its own data is there. */
  | 'own'
  /** Neither host nor token name a tenant. */
  | 'no-tenant'
  /** The tenant's token on the other's host. */
  | 'other-host'
  /** The other's ids in path, query, body and nested fields, one by one and all at once. */
  | 'foreign-id'
  /** An id of the other's is answered as one that nobody has, or is not. */
  | 'existence'
  /** A tenant field of the other's in body and query. */
  | 'tenant-field'
  /** Inputs that may be left out: flags, filters, formats, arguments, headers. */
  | 'inputs'
  /** Unsigned headers that name the other. */
  | 'tenant-header'
  /** The other has called the same before, and everything is warm. */
  | 'warm-cache'
  /** The other's rows have changed, and the answer has not. */
  | 'interference'
  /** Both at once, over and over. */
  | 'interleaved'
  /** The other works while the tenant's socket, subscription or stream is open, also where it was opened with the other's ids. */
  | 'overheard'
  /** The other hangs up or fails half-way, or the own request fails where the other's went well. */
  | 'situations'
  /** Permissions of caches, and of pages of the other's origin, in the answer's headers. */
  | 'answer-headers'
  /** Jobs, messages and ticks whose stamp is missing, forged or the other's, or whose tenant is suspended or unknown. */
  | 'stamps'
  /** In a fresh application, the other has called everything before, or never; or both call at once. */
  | 'worlds';

/** The outcome of one attack at one entrance. */
export interface AttackResult {
  readonly attack: AttackName;
  readonly verdict: Exclude<ProofVerdict, 'accepted'> | 'not applicable';
  /** One sentence: what was seen, or why there was nothing to see. */
  readonly why: string;
  /** Of a leak, and of an example request that did not work. */
  readonly evidence: Evidence | null;
  /** Why the baseline accepts it nevertheless. */
  readonly accepted?: string;
}

/** The signs of a leak: the request, the answer, and what of the other tenant was in it. */
export interface Evidence {
  readonly request: SentRequest | null;
  readonly response: {
    readonly status: number;
    readonly headers: Readonly<Record<string, string>>;
    readonly text: string;
  } | null;
  /** The other tenant's values that were seen. */
  readonly sightings: readonly Sighting[];
  /** Lines of the log that were written meanwhile and hold a sighting. */
  readonly log: readonly string[];
  /** Changes of the other's rows by the attack. */
  readonly changes: readonly RowChange[];
  /** Sends the request again. */
  readonly curl: string | null;
}

/** A row of the other tenant that an attack changed. `before` is null for a new one, `after` for one that is gone. */
export interface RowChange {
  readonly table: string;
  readonly before: Readonly<Record<string, unknown>> | null;
  readonly after: Readonly<Record<string, unknown>> | null;
}

/** The outcome of all attacks at one entrance. */
export interface EntranceResult {
  readonly entrance: Entrance;
  readonly verdict: ProofVerdict;
  /** The reason, of an entrance that is exempt or unproven as a whole. */
  readonly why: string | null;
  readonly attacks: readonly AttackResult[];
  /** The place of its handler, where it is known: a file from the directory in which the process runs, and a line from 1. */
  readonly handlerAt?: { readonly file: string; readonly line: number };
  /** Branches of the code behind it that no request of the proof reached. */
  readonly unreached: readonly UnreachedBranch[];
  readonly milliseconds: number;
  /** Why the baseline accepts it, of an entrance that is unproven as a whole. */
  readonly accepted?: string;
}

/** The result of a proof of a whole application. Plain data, safe to store as JSON. */
export interface IsolationReport {
  /** The application's module. */
  readonly application: string;
  /** Names of the two tenants that attacked each other. */
  readonly tenants: readonly string[];
  readonly startedAt: string;
  readonly milliseconds: number;
  /** `isolated`: every entrance is proven or exempt. `accepted`: nothing is worse than the baseline says. */
  readonly verdict: 'isolated' | 'accepted' | 'leaks' | 'unproven';
  readonly counts: Readonly<Record<ProofVerdict, number>>;
  readonly entrances: readonly EntranceResult[];
  /** Says how far it is known which branches were reached. */
  readonly coverage: CoverageOfProof;
  /** Rows that the proof planted and that are still there, by table. */
  readonly rowsLeft: Readonly<Record<string, number>>;
  /** The baseline, where there is one. */
  readonly baseline?: BaselineOutcome;
}

/** The baseline of a proof, after it. */
export interface BaselineOutcome {
  readonly file: string;
  /** Entries for what is proven now or gone: `GET /jobs (existence)`. */
  readonly obsolete: readonly string[];
  /** True when the file was written anew, without them. Not where `CI` is set. */
  readonly isWritten: boolean;
}
