import { randomBytes } from 'node:crypto';
import type { Tenant } from '@tenancy/core';
import { outsideAnyTenant } from '@tenancy/core/adapter';
import { textsOf } from '../../canaries/canary-registry.js';
import type { Planted } from '../../canaries/planted.js';
import type { Entrance, Route } from '../../discovery/entrance.js';
import { exampleRequest } from '../../discovery/example-request.js';
import type { Identity, IsolationHarness } from '../../harness/isolation-harness.js';
import type { HttpAnswer, HttpRequest } from '../../http-request.js';
import { checkRequest } from './check-example.js';
import {
  type Example,
  type ExampleCall,
  type ExampleRequest,
  type Examples,
  examplesOf,
  isCall,
  type RequestExample,
} from './example.js';
import { readRows } from './read-rows.js';

/** The argument of a transport. */
export interface TransportCall {
  readonly identity: Identity;
  /** Null when nobody calls. */
  readonly tenant: Tenant | null;
  readonly rows: Planted;
  readonly change?: (request: HttpRequest) => HttpRequest;
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
}

/** A transport that could not be found, and what the author can do about it. */
export interface NoTransport {
  readonly unknown: string;
}

const INVENTED = 'invented';

/** One for each of the author's examples; where there is none, for what is known of the route. */
export function transportsTo(
  harness: IsolationHarness,
  entrance: Entrance,
  given: Examples | undefined,
): readonly Transport[] | NoTransport {
  const transports: Transport[] = [];
  const examples = examplesOf(given);
  for (const example of examples.length === 0 ? [undefined] : examples) {
    const transport = transportTo(harness, entrance, example);
    if ('unknown' in transport) return transport;
    transports.push(transport);
  }
  return transports;
}

/** From the author's example, and from what is known of the route. */
export function transportTo(
  harness: IsolationHarness,
  entrance: Entrance,
  example: Example | undefined,
): Transport | NoTransport {
  if (isCall(example)) return transportByCall(harness, example);
  const { route } = entrance;
  if (!route) {
    return {
      unknown: `nothing calls a ${entrance.kind} entrance by itself. Give an example: { '${entrance.id}': { call: async (rows, caller) => … } }.`,
    };
  }
  const [tenant] = harness.tenants as readonly [Tenant];
  const given = example as RequestExample | undefined;
  const rows = harness.planted(tenant);
  const canary = () => INVENTED;
  const first = exampleFor(given, rows, tenant, canary);
  checkRequest(entrance, first);
  const tried = exampleRequest(route, rows, { canary, given: first });
  if ('unknown' in tried) {
    return { unknown: `${tried.unknown} Give an example: { '${entrance.id}': (rows) => (${hintFor(route)}) }.` };
  }
  return transportByRequest(harness, route, given);
}

function transportByRequest(harness: IsolationHarness, route: Route, example: RequestExample | undefined): Transport {
  const made = (rows: Planted, tenant: Tenant, canary: (name: string) => string) => {
    const given = exampleFor(example, rows, tenant, canary);
    const request = exampleRequest(route, rows, { canary, given });
    if ('unknown' in request) throw new TypeError(request.unknown);
    return { request, given };
  };
  const repeated = (rows: Planted, tenant: Tenant) => made(rows, tenant, (name) => `${INVENTED} ${name}`);
  const [first] = harness.tenants as readonly [Tenant];
  return {
    lateness: 0,
    answersNothing: repeated(harness.planted(first), first).given.answersNothing,
    requestFor: (rows, tenant) => repeated(rows, tenant).request,
    call: async ({ identity, tenant, rows, change = (request) => request }) => {
      const whose = tenant ?? first;
      const example = made(rows, whose, (name) => invented(harness, whose, name));
      const request = withOwnCredentials(change(example.request), repeated(harness.planted(whose), whose).request);
      const client = harness.client(identity);
      // The answer may begin only with what happens meanwhile.
      const [answer] = await Promise.all([client.request(request), example.given.meanwhile?.(client)]);
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

function transportByCall(harness: IsolationHarness, { call, answersNothing }: ExampleCall): Transport {
  return {
    lateness: 0,
    answersNothing,
    requestFor: () => null,
    call: async ({ identity, tenant, rows }) => {
      const sent: string[] = [identity.host ?? '', ...Object.values(identity.headers ?? {})];
      const caller = {
        tenant,
        identity: { host: identity.host, headers: identity.headers ?? {} },
        url: harness.url,
        app: harness.app,
        client: harness.client(identity),
        canary: (name: string) => {
          const text = tenant ? invented(harness, tenant, name) : `${INVENTED} ${name}`;
          sent.push(text);
          return text;
        },
      };
      const answered = { request: null, answer: null };
      const watched = readRows(rows, (value) => {
        for (const [, text] of textsOf('', value)) sent.push(text);
      });
      try {
        const seen = await inTimeOf(
          harness,
          outsideAnyTenant(() => call(watched, caller)),
        );
        return { ...answered, seen, isRefused: false, error: null, sent: sent.join('\n').toLowerCase() };
      } catch (reason) {
        if (reason instanceof DidNotEnd) throw reason;
        const error = reason instanceof Error ? reason : new Error(String(reason));
        return { ...answered, seen: null, isRefused: true, error, sent: sent.join('\n').toLowerCase() };
      }
    },
  };
}

class DidNotEnd extends Error {}

/** @throws DidNotEnd where the work takes longer than a request may. */
async function inTimeOf<T>({ timeout }: IsolationHarness, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<never>((_, reject) => {
    const error = new DidNotEnd(`the \`call\` did not end within ${timeout} ms (\`timeout\` of the harness).`);
    timer = setTimeout(() => reject(error), timeout);
  });
  return Promise.race([work, over]).finally(() => clearTimeout(timer));
}

/** A text of the tenant's own, which is a canary from now on. */
function invented({ canaries }: IsolationHarness, tenant: Tenant, name: string): string {
  const text = `canary-${name}-${randomBytes(5).toString('hex')}`;
  canaries.plant(tenant, name, text);
  return text;
}

function exampleFor(
  example: RequestExample | undefined,
  rows: Planted,
  tenant: Tenant,
  canary: (name: string) => string,
): ExampleRequest {
  return (typeof example === 'function' ? example(rows, { tenant, canary }) : example) ?? {};
}

function hintFor({ body, parameters }: Route): string {
  const path = parameters.filter((each) => each.in === 'path').map(({ name }) => `${name}: …`);
  const parts = [
    ...(path.length > 0 ? [`path: { ${path.join(', ')} }`] : []),
    ...(body === null ? [] : ['body: { … }']),
  ];
  return `{ ${parts.join(', ') || 'query: { … }, headers: { … }'} }`;
}
