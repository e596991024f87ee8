import type { Tenant } from '@tenancy/core';
import type { Planted } from '../../canaries/planted.js';
import { exampleRequest } from '../../discovery/example-request.js';
import type { JsonSchema } from '../../discovery/json-schema.js';
import type { IsolationHarness } from '../../harness/isolation-harness.js';
import type { SeenPayload } from '../../harness/seen-payloads.js';
import type { HttpRequest } from '../../http-request.js';
import type { RequestExample } from '../target/example.js';
import type { NoTransport } from '../target/transport.js';
import { exampleFor } from './example-for.js';
import { INVENTED, invented } from './invented.js';

/** An entrance that takes one payload at a name: a message at its pattern, an event, what a socket sends. */
export interface Addressee {
  /** Of the entrance, for the author. */
  readonly id: string;
  /** `MESSAGE`, `EVENT`, `SOCKET`: the method of the request that stands for it. */
  readonly method: string;
  readonly name: string;
  /** The schema of its payload: `'unknown'` where nothing is known of it, null where it takes none. */
  readonly schema: JsonSchema | 'unknown' | null;
  /** The payload that the application has sent there itself. */
  seen(): SeenPayload | undefined;
}

/** Requests to one addressee. */
export interface Payloads {
  readonly answersNothing: string | undefined;
  /** With the same invented texts each time. */
  repeated(rows: Planted, tenant: Tenant): HttpRequest;
  /** With texts that are the tenant's own from now on. */
  made(rows: Planted, tenant: Tenant): HttpRequest;
  /** The name and the payload of a request, which an attack may have changed. */
  sent(request: HttpRequest): { readonly name: string; readonly data: unknown };
}

/** The payload as the example says it; or as the application has sent it itself; or as its schema has it. */
export function payloadsTo(
  harness: IsolationHarness,
  { id, method, name, schema, seen }: Addressee,
  example: RequestExample | undefined,
): Payloads | NoTransport {
  const asked = (rows: Planted, tenant: Tenant, canary: (what: string) => string) => {
    const given = exampleFor(example, rows, tenant, canary);
    if (given.body !== undefined) return { given, request: request(given.body) };
    const known = seen();
    if (known) return { given, request: request(known.dataFor(rows)) };
    const guessed = exampleRequest({ method: 'POST', path: '/', parameters: [], body: schema }, rows, {
      canary,
      given,
    });
    return { given, request: 'unknown' in guessed ? guessed : request(guessed.body) };
  };
  const request = (body: unknown): HttpRequest => ({
    method,
    path: `/${encodeURIComponent(name)}`,
    ...(body !== undefined && { body }),
  });
  const known = (made: HttpRequest | { readonly unknown: string }): HttpRequest => {
    if ('unknown' in made) throw new TypeError(made.unknown);
    return made;
  };
  const [first] = harness.tenants as readonly [Tenant];
  const tried = asked(harness.planted(first), first, () => INVENTED);
  if ('unknown' in tried.request) {
    return {
      unknown:
        `${tried.request.unknown.replace(/its body/i, (body) => (body.startsWith('I') ? 'Its payload' : 'its payload'))} ` +
        `The application has sent none itself. Give an example: { '${id}': (rows) => ({ body: { … } }) }.`,
    };
  }
  return {
    answersNothing: tried.given.answersNothing,
    repeated: (rows, tenant) => known(asked(rows, tenant, (what) => `${INVENTED} ${what}`).request),
    made: (rows, tenant) => known(asked(rows, tenant, (what) => invented(harness, tenant, what)).request),
    sent: ({ path, body }) => ({ name: decodeURIComponent(path.slice(1)), data: body }),
  };
}
