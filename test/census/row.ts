import { setTimeout as sleep } from 'node:timers/promises';
import type { INestApplication, ModuleMetadata } from '@nestjs/common';
import { isTenancyError, type Tenant, TenantContext } from '@tenancy/core';
import type { AdapterName, Application } from './application.js';
import { AskController, Asked } from './ask.controller.js';
import type { Client } from './client.js';
import type { ServiceName } from './services.js';

export const context = new TenantContext();

/** The tenant that some code found itself to work for: its id, or none, which it was told loudly. */
export type Seen = string;

export function seen(): Seen {
  try {
    return context.tenantId;
  } catch (error) {
    if (isTenancyError(error) && error.code === 'tenant_context_missing') return 'none';
    throw error;
  }
}

/** The fate of the tenant in some code: the request's own, none and loudly, or another request's. */
export type Verdict = 'right' | 'none' | "another's";

/** Asked inside a request. `undefined` where the library by its nature drops this call for a later one. */
export type Ask = () => Seen | undefined | Promise<Seen | undefined>;

/** Tools that the application of a row is given when it starts, outside every tenant. */
export interface Start {
  readonly app: INestApplication;
  /** Ends something with the application. */
  later(close: () => unknown): void;
}

export interface Row {
  /** The act of an application, as its author would say it. */
  readonly what: string;
  readonly verdict: Verdict;
  /** `what` of the row that puts this one right. */
  readonly fix?: string;
  readonly needs?: ServiceName;
  readonly adapters: readonly AdapterName[];
  /** How often each tenant asks, where that takes long. */
  readonly rounds?: number;
  build(adapter: AdapterName): Built;
}

/** An application with this row in it, and how a client asks it. */
export interface Built extends Application {
  ask(client: Client): Promise<Seen | undefined>;
}

export interface Subject {
  readonly about: string;
  /** Text above its tables. */
  readonly note?: string;
  readonly rows: readonly Row[];
}

type Extra = Pick<Row, 'fix' | 'needs' | 'rounds'> &
  Partial<Pick<Row, 'adapters'>> & { readonly modules?: ModuleMetadata };

/** Code that a handler runs. It does not depend on the adapter. */
export function inHandler(
  what: string,
  verdict: Verdict,
  make: (start: Start) => Ask | Promise<Ask>,
  { modules = {}, ...extra }: Extra = {},
): Row {
  return {
    what,
    verdict,
    adapters: ['express'],
    ...extra,
    build: () => {
      const asked = new Asked();
      return {
        metadata: {
          ...modules,
          controllers: [...(modules.controllers ?? []), AskController],
          providers: [...(modules.providers ?? []), { provide: Asked, useValue: asked }],
        },
        started: async (start) => {
          asked.ask = await make(start);
        },
        ask: async (client) => (await client.send('/ask')).body['seen'] as Seen | undefined,
      };
    },
  };
}

/** Rows that belong to HTTP itself, on both adapters unless one names one. */
export function overHttp(
  what: string,
  verdict: Verdict,
  build: (adapter: AdapterName) => Built,
  extra: Pick<Row, 'fix' | 'needs' | 'rounds'> & Partial<Pick<Row, 'adapters'>> = {},
): Row {
  return { what, verdict, adapters: ['express', 'fastify'], ...extra, build };
}

/** One who waits for an answer that comes on a connection, queue or timer that several requests share. */
export class Waiting {
  #last = 0;
  readonly #waiting = new Map<number, (seen: Seen | undefined) => void>();

  /** Hands `send` a number to send along, and waits until it comes back. */
  ask(send: (id: number) => unknown): Promise<Seen | undefined> {
    this.#last += 1;
    const id = this.#last;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, resolve);
      Promise.resolve(send(id)).catch(reject);
    });
  }

  /** Called wherever the answer arrives. */
  answer(id: number | string, found = seen()): void {
    this.#waiting.get(Number(id))?.(found);
    this.#waiting.delete(Number(id));
  }

  /** Answers `id`, and lets everybody go who asked before it and was dropped. */
  answerLatest(id: number | string): void {
    this.answer(id);
    for (const earlier of [...this.#waiting.keys()].filter((other) => other < Number(id))) {
      this.#waiting.get(earlier)?.(undefined);
      this.#waiting.delete(earlier);
    }
  }
}

/** `make` once, when it is first asked for: in whichever request that is. */
export function lazily<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}

/**
 * Lets everybody who asks within a moment go on at once, as those do who wait for the same promise. Whoever needs
 * company to be wrong finds it here, on a slow machine too.
 */
export function together(): () => Promise<void> {
  let moment: Promise<void> | undefined;
  return () =>
    (moment ??= sleep(20).then(() => {
      moment = undefined;
    }));
}

/** The same `ask`, together with whoever else asks. */
export function inCompany(ask: Ask): Ask {
  const gate = together();
  return async () => {
    await gate();
    return ask();
  };
}

/** As a registry finds who a message names. */
export const tenantOf = (id: string): Tenant => ({ id, slug: id.slice(2) });
