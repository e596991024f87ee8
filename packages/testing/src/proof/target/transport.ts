import type { Tenant } from '@tenancy/core';
import type { Planted } from '../../canaries/planted.js';
import type { Identity } from '../../harness/isolation-harness.js';
import type { HttpAnswer, HttpRequest } from '../../http-request.js';

/** The argument of a transport. */
export interface TransportCall {
  readonly identity: Identity;
  /** Null when nobody calls. */
  readonly tenant: Tenant | null;
  readonly rows: Planted;
  readonly change?: (request: HttpRequest) => HttpRequest;
  /** One of the transport's {@link Transport.forgeries}, in place of the call as it should be. */
  readonly forgery?: string;
  /** Work of others while the caller {@link Transport.hears}. */
  readonly meanwhile?: () => Promise<void>;
}

export interface TransportAnswer {
  readonly request: HttpRequest | null;
  /** The answer that the caller got to see; null when it was refused without an answer. */
  readonly answer: HttpAnswer | null;
  readonly seen: unknown;
  readonly isRefused: boolean;
  readonly error: Error | null;
  /** Everything that the caller sent, in lower case. */
  readonly sent: string;
}

/** A way to call an entrance. */
export interface Transport {
  /** Why an answer holds nothing of the tenant's own, where the author says that it is right. */
  readonly answersNothing: string | undefined;
  /** Milliseconds after an answer in which rows are still written, once that was looked at. */
  lateness: number;
  /** The request for these rows, with the same invented texts each time; null where there is no request to look at. */
  requestFor(rows: Planted, tenant: Tenant): HttpRequest | null;
  call(call: TransportCall): Promise<TransportAnswer>;
  /** Calls that nobody may be heard by, by what is wrong with them. */
  readonly forgeries?: readonly string[];
  /** True for one that nobody calls, with nothing of anybody's. */
  readonly isClock?: true;
  /** True for one whose caller stays connected, and may hear what is meant for others. */
  readonly hears?: true;
  /** True for one that only the application itself calls: of nobody, too, where it does not ask for a tenant. */
  readonly isInside?: true;
}

/** A transport that could not be found, and what the author can do about it. */
export interface NoTransport {
  readonly unknown: string;
}
