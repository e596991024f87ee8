import type { INestApplication } from '@nestjs/common';
import type { Tenant } from '@tenancy/core';
import type { GivenParts } from '../../discovery/example-request.js';
import type { TenantClient } from '../../harness/tenant-client.js';

/**
 * The answer of `seed` for the tenant. The author knows its shape, and casts would say nothing that the seed has not.
 */
// biome-ignore lint/suspicious/noExplicitAny: so that an example reads `rows.job.id`.
export type SeededRows = Readonly<Record<string, any>>;

/** An example request: what the proof cannot guess of it. What is left out is guessed. */
export interface ExampleRequest extends GivenParts {
  /** Work of the same tenant while the answer is read, of an event stream or a long poll. */
  readonly meanwhile?: (client: TenantClient) => Promise<unknown>;
  /** Why an answer holds nothing of the tenant's own, where that is right. */
  readonly answersNothing?: string;
}

/** The caller of an {@link ExampleCall}. */
export interface Caller {
  /** Null when the call must be refused, as nobody's. */
  readonly tenant: Tenant | null;
  /** The host to call and the headers to send, which do not always name the same tenant. */
  readonly identity: { readonly host: string | null; readonly headers: Readonly<Record<string, string>> };
  /** Address of the application: `http://127.0.0.1:4711`. */
  readonly url: string;
  readonly app: INestApplication;
  /** Sends requests over HTTP as the caller. */
  readonly client: TenantClient;
  /** A text that nobody else has, to be sent along. */
  readonly canary: (name: string) => string;
}

/**
 * A call of an entrance that has no request of its own: a socket, a broker, a queue, a clock. It answers with all that the
 * caller got to see, and rejects when it was refused.
 */
export interface ExampleCall {
  readonly call: (rows: SeededRows, caller: Caller) => Promise<unknown>;
  /** Why what the caller sees holds nothing of the tenant's own, where that is right. */
  readonly answersNothing?: string;
}

/** Made from the rows that were planted for the tenant: `(rows) => ({ body: { jobId: rows.job.id } })`. */
export type RequestExample =
  | ExampleRequest
  | ((
      rows: SeededRows,
      context: { readonly tenant: Tenant; readonly canary: (name: string) => string },
    ) => ExampleRequest);

/** A request, or a call, that an entrance answers well. */
export type Example = RequestExample | ExampleCall;

/** One example, or several: of requests that run different code, each is attacked. Fresh applications (`worlds`) take the first. */
export type Examples = Example | readonly Example[];

export function examplesOf(given: Examples | undefined): readonly Example[] {
  return given === undefined ? [] : [given].flat();
}

export function firstOfEach(given: Readonly<Record<string, Examples>> = {}): Readonly<Record<string, Example>> {
  return Object.fromEntries(
    Object.entries(given).flatMap(([id, examples]) =>
      examplesOf(examples)
        .slice(0, 1)
        .map((first) => [id, first]),
    ),
  );
}

export function isCall(example: Example | undefined): example is ExampleCall {
  return typeof example === 'object' && 'call' in example;
}
