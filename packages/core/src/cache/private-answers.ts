import type { ServerResponse } from 'node:http';
import { storeOf } from '../entrances/request-entrance.js';

/** Marks an adapter whose answers are looked after, so that several modules do it once. */
const MARKED = Symbol.for('@tenancy/core:private-answers');

type Hook = (request: object, response: object, next: () => void) => void;

interface Adapter {
  getType?(): string;
  getInstance(): object;
  setOnRequestHook?(hook: Hook): void;
  readonly onRequestHook?: Hook;
  [MARKED]?: true;
}

interface Reply {
  hasHeader(name: string): boolean;
  getHeader(name: string): unknown;
  header(name: string, value: string): void;
}

interface Fastify {
  addHook(
    name: 'onSend',
    hook: (request: object, reply: Reply, payload: unknown, done: (error: null, payload: unknown) => void) => void,
  ): void;
}

/** One answer's headers, as they are about to be sent. */
interface Headers {
  get(name: string): unknown;
  set(name: string, value: string): void;
}

/**
 * K7: no cache between a client and this server, and none of a browser that two tenants use, may give one tenant's answer to another:
 * the answers of tenants say `Cache-Control: private`, unless the application says otherwise, and `Vary` names what tells tenants apart.
 *
 * It looks when headers are sent, as whoever is then known to have asked: an `@Untenanted()` route stays as it is. Without an interceptor, which costs each request.
 *
 * @param vary - names of the headers that identify a tenant
 */
export function keepAnswersPrivate(adapter: Adapter | undefined, vary: readonly string[]): void {
  if (!adapter?.setOnRequestHook || adapter[MARKED]) return;
  adapter[MARKED] = true;
  if (adapter.getType?.() === 'fastify') {
    (adapter.getInstance() as Fastify).addHook('onSend', (request, reply, payload, done) => {
      const headers = {
        get: (name: string) => reply.getHeader(name),
        set: (name: string, value: string) => reply.header(name, value),
      };
      if (storeOf(request)?.tenant) mark(headers, vary);
      done(null, payload);
    });
    return;
  }
  const { onRequestHook: previous } = adapter;
  adapter.setOnRequestHook((request, response, next) => {
    const sent = response as ServerResponse;
    const { writeHead } = sent;
    sent.writeHead = ((...args: unknown[]) => {
      if (!sent.headersSent && storeOf(request)?.tenant) mark(givenOrSet(sent, args), vary);
      return Reflect.apply(writeHead, sent, args);
    }) as ServerResponse['writeHead'];
    if (previous) previous.call(adapter, request, response, next);
    else next();
  });
}

function mark(headers: Headers, vary: readonly string[]): void {
  if (headers.get('cache-control') === undefined) headers.set('cache-control', 'private');
  if (vary.length === 0) return;
  const said = String(headers.get('vary') ?? '');
  const names = said.toLowerCase().split(/\s*,\s*/);
  const missing = names.includes('*') ? [] : vary.filter((name) => !names.includes(name.toLowerCase()));
  if (missing.length > 0) headers.set('vary', [said, ...missing].filter(Boolean).join(', '));
}

/** Headers that were set. Those that `writeHead` is called with take their place, and are the application's last word. */
function givenOrSet(response: ServerResponse, args: readonly unknown[]): Headers {
  const given = args.find((arg) => typeof arg === 'object' && arg !== null) ?? {};
  const names: unknown[] = Array.isArray(given) ? given.flat() : Object.keys(given);
  const isGiven = (name: string) => names.some((each) => String(each).toLowerCase() === name);
  return {
    get: (name) => (isGiven(name) ? '*' : response.getHeader(name)),
    set: (name, value) => void response.setHeader(name, value),
  };
}
