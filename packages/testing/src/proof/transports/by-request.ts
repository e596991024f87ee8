import { setTimeout as sleep } from 'node:timers/promises';
import type { Tenant } from '@tenancy/core';
import type { Planted } from '../../canaries/planted.js';
import type { Entrance, Route } from '../../discovery/entrance.js';
import { exampleRequest } from '../../discovery/example-request.js';
import type { IsolationHarness } from '../../harness/isolation-harness.js';
import type { HttpAnswer, HttpRequest } from '../../http-request.js';
import type { RequestExample } from '../target/example.js';
import type { Transport } from '../target/transport.js';
import { exampleFor } from './example-for.js';
import { INVENTED, invented } from './invented.js';

/** A request over HTTP, by what is known of its route and what the example says. */
export function transportByRequest(
  harness: IsolationHarness,
  { route, kind }: Entrance & { readonly route: Route },
  example: RequestExample | undefined,
): Transport {
  const made = (rows: Planted, tenant: Tenant, canary: (name: string) => string) => {
    const given = exampleFor(example, rows, tenant, canary);
    const request = exampleRequest(route, rows, { canary, given });
    if ('unknown' in request) throw new TypeError(request.unknown);
    return { request, given };
  };
  const repeated = (rows: Planted, tenant: Tenant) => made(rows, tenant, (name) => `${INVENTED} ${name}`);
  const [first] = harness.tenants as readonly [Tenant];
  return {
    ...(kind === 'sse' && { hears: true }),
    lateness: 0,
    answersNothing: repeated(harness.planted(first), first).given.answersNothing,
    requestFor: (rows, tenant) => repeated(rows, tenant).request,
    call: async ({ identity, tenant, rows, change = (request) => request, meanwhile }) => {
      const whose = tenant ?? first;
      const example = made(rows, whose, (name) => invented(harness, whose, name));
      const request = withOwnCredentials(change(example.request), repeated(harness.planted(whose), whose).request);
      const client = harness.client(identity);
      // The answer may begin only with what happens meanwhile.
      const [answer] = await Promise.all([
        client.request(request),
        example.given.meanwhile?.(client),
        meanwhile && sleep(LISTENING).then(meanwhile),
      ]);
      return {
        request,
        answer,
        seen: answer.body,
        isRefused: isRefusal(answer),
        error: null,
        sent: sentText(answer),
      };
    },
  };
}

/** A token that an example makes of rows is the caller's own, whoever's rows it asks for. */
function withOwnCredentials(request: HttpRequest, own: HttpRequest): HttpRequest {
  const credentials = Object.entries(own.headers ?? {}).filter(([name]) => CREDENTIALS.test(name));
  const given = Object.keys(request.headers ?? {});
  const kept = credentials.filter(([name]) => given.includes(name));
  return kept.length > 0 ? { ...request, headers: { ...request.headers, ...Object.fromEntries(kept) } } : request;
}

/** Milliseconds until a stream is listened to. */
const LISTENING = 40;

/** Headers that sign somebody in. */
const CREDENTIALS = /^(authorization|cookie)$/i;

/** True when it was refused. In GraphQL that has the status 200, and errors instead of data. */
function isRefusal({ status, body }: HttpAnswer): boolean {
  if (status >= 400) return true;
  const { errors, data } = (typeof body === 'object' && body !== null ? body : {}) as {
    errors?: unknown;
    data?: unknown;
  };
  if (!Array.isArray(errors) || errors.length === 0) return false;
  return data === null || data === undefined || Object.values(data as object).every((each) => each === null);
}

function sentText({ request: { url, headers, body } }: HttpAnswer): string {
  const address = [url, safely(() => decodeURIComponent(url))];
  return [...address, ...Object.values(headers), body ?? ''].join('\n').toLowerCase();
}

function safely(decode: () => string): string {
  try {
    return decode();
  } catch {
    return '';
  }
}
