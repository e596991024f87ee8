import dgram from 'node:dgram';
import fs from 'node:fs';
import http from 'node:http';
import { syncBuiltinESMExports } from 'node:module';
import type { Saw } from './observer.js';

type Method = (this: unknown, ...args: unknown[]) => unknown;

/** Agents of harnesses, whose requests come from outside the application. */
const harnessAgents = new WeakSet<object>();

/** A harness's requests are not the application's. */
export function fromOutside<A extends http.Agent>(agent: A): A {
  harnessAgents.add(agent);
  return agent;
}

/**
 * The ways out of the process that need no provider: `fetch`, `http.request`, UDP, files. Heard while any harness is open; everything
 * still goes where it went.
 */
class ProcessExits {
  readonly #listeners = new Set<Saw>();
  #restore: (() => void)[] = [];

  /** Tells `saw` from now on, until the answer is called. */
  open(saw: Saw): () => void {
    if (this.#listeners.size === 0) this.#patch();
    this.#listeners.add(saw);
    return () => {
      this.#listeners.delete(saw);
      if (this.#listeners.size > 0) return;
      for (const restore of this.#restore.reverse()) restore();
      this.#restore = [];
      syncBuiltinESMExports();
    };
  }

  #saw(exit: string, name: unknown, payload: unknown): void {
    for (const saw of this.#listeners) saw({ exit, name: String(name), payload });
  }

  #patch(): void {
    this.#before(globalThis, 'fetch', ([input, init]) => {
      const { url, method = 'GET', headers, body } = requestOf(input, init);
      this.#saw('http', `${method} ${url}`, { headers, body });
    });
    const bodies = new WeakMap<object, unknown[]>();
    for (const name of ['write', 'end']) {
      this.#before(http.ClientRequest.prototype, name, ([chunk], request) => {
        const sent = request as http.ClientRequest & { readonly agent?: object };
        if (sent.agent && harnessAgents.has(sent.agent)) return;
        const parts = bodies.get(sent) ?? [];
        bodies.set(sent, parts);
        if (typeof chunk === 'string' || chunk instanceof Uint8Array) parts.push(chunk);
        if (name === 'end') {
          const url = `${sent.protocol}//${sent.getHeader('host') ?? sent.host}${sent.path}`;
          this.#saw('http', `${sent.method} ${url}`, { headers: sent.getHeaders(), body: parts.map(textOf).join('') });
        }
      });
    }
    for (const [target, name] of [
      [fs.promises, 'writeFile'],
      [fs, 'writeFile'],
      [fs, 'writeFileSync'],
    ] as const) {
      this.#before(target, name, ([file, data]) => this.#saw('file', file, textOf(data)));
    }
    const queued = new WeakMap<object, number>();
    this.#before(dgram.Socket.prototype, 'send', ([message, ...rest], self) => {
      // A socket sends once more, by itself, what it was given before it was bound.
      const socket = self as dgram.Socket;
      const waiting = queued.get(socket) ?? 0;
      const bound = isBound(socket);
      queued.set(socket, bound ? Math.max(0, waiting - 1) : waiting + 1);
      if (bound && waiting > 0) return;
      this.#saw('udp', rest.filter((each) => ['number', 'string'].includes(typeof each)).join(' '), textOf(message));
    });
    syncBuiltinESMExports();
  }

  #before(target: object, name: string, hear: (args: unknown[], self: unknown) => void): void {
    const own = Object.getOwnPropertyDescriptor(target, name);
    const original = Reflect.get(target, name) as Method;
    Reflect.set(target, name, function (this: unknown, ...args: unknown[]) {
      hear(args, this);
      return Reflect.apply(original, this, args);
    });
    this.#restore.push(() => {
      if (own) Object.defineProperty(target, name, own);
      else Reflect.deleteProperty(target, name);
    });
  }
}

function isBound(socket: dgram.Socket): boolean {
  try {
    return socket.address().port > 0;
  } catch {
    return false;
  }
}

interface Asked {
  readonly url: string;
  readonly method?: string;
  readonly headers?: unknown;
  readonly body?: unknown;
}

/** The parts of `fetch`'s arguments. A body that is a stream is read by whoever it is sent to alone. */
function requestOf(input: unknown, init: unknown): Asked {
  const request = input instanceof Request ? input : null;
  const { method = request?.method, headers = request?.headers, body } = (init ?? {}) as Partial<Asked>;
  const listed = headers instanceof Headers ? Object.fromEntries(headers) : headers;
  return {
    url: request?.url ?? String(input),
    ...(method && { method }),
    headers: listed,
    body: textOf(body),
  };
}

function textOf(data: unknown): unknown {
  if (data instanceof Uint8Array) return Buffer.from(data).toString('utf8');
  return data instanceof FormData
    ? Object.fromEntries(data.entries())
    : data instanceof URLSearchParams
      ? data.toString()
      : data;
}

export const processExits = new ProcessExits();
