import 'reflect-metadata';
import type { DynamicModule, HttpServer, INestApplication, Type } from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { afterEach } from 'vitest';
import { type DiscoveryOptions, discoverEntrances } from '../../src/discovery/discover-entrances.js';
import type { Entrance } from '../../src/discovery/entrance.js';
import { watchAdapter } from '../../src/discovery/watch-adapter.js';

export type AdapterName = 'Express' | 'Fastify';

export const adapters: Readonly<Record<AdapterName, () => HttpServer>> = {
  Express: () => new ExpressAdapter(),
  Fastify: () => new FastifyAdapter(),
};

export interface Discovered {
  readonly app: INestApplication;
  readonly entrances: readonly Entrance[];
  readonly ids: readonly string[];
  find(id: string): Entrance;
  /** Sends it, and answers with the status and the parsed body. */
  send(request: {
    readonly method: string;
    readonly path: string;
    readonly query?: Readonly<Record<string, unknown>>;
    readonly body?: unknown;
    readonly headers?: Readonly<Record<string, string>>;
  }): Promise<{ readonly status: number; readonly body: unknown }>;
}

/** An application as the harness starts it, and what is discovered in it. */
export async function discovered(
  module: Type<unknown> | DynamicModule,
  adapter: AdapterName = 'Express',
  configure: (app: INestApplication) => unknown = () => {},
  options: DiscoveryOptions = {},
): Promise<Discovered> {
  const compiled = await Test.createTestingModule({ imports: [module] }).compile({ snapshot: true });
  const app = compiled.createNestApplication(adapters[adapter]() as never, { logger: ['error'] });
  watchAdapter(app.getHttpAdapter() as HttpServer);
  await configure(app);
  await app.listen(0, '127.0.0.1');
  const entrances = discoverEntrances(app, options);
  const ids = entrances.map(({ id }) => id);
  return {
    app,
    entrances,
    ids,
    find: (id) => {
      const entrance = entrances.find((each) => each.id === id);
      if (!entrance) throw new Error(`There is no entrance ${id}, only:\n${ids.join('\n')}`);
      return entrance;
    },
    send: async ({ method, path, query = {}, body, headers = {} }) => {
      const url = new URL(path, await app.getUrl());
      for (const [name, value] of Object.entries(query)) url.searchParams.set(name, String(value));
      const response = await fetch(url, {
        method,
        headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      try {
        return { status: response.status, body: JSON.parse(text) };
      } catch {
        return { status: response.status, body: text };
      }
    },
  };
}

/** {@link discovered}, for the tests of a file: each application is closed after the test that it was made in. */
export function discoveredInTest(): typeof discovered {
  const opened: Discovered[] = [];
  afterEach(async () => {
    for (const { app } of opened.splice(0)) await app.close();
  });
  return async (...args) => {
    const found = await discovered(...args);
    opened.push(found);
    return found;
  };
}
