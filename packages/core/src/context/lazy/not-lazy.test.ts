import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { TenantContext } from '../tenant-context.js';

const acme = { id: 't_acme', slug: 'acme' };
const context = new TenantContext();
const made = <T>(make: () => T): T => context.run(acme, make);

class Entity {
  readonly #secret = 1;
  rows: unknown[] = [];
  next() {
    return this.#secret;
  }
}

class Broker extends EventEmitter {
  subscribe() {
    return this;
  }
  send() {
    return this;
  }
  connect() {}
}

class Basket {
  *[Symbol.iterator]() {
    yield 1;
  }
}

describe('core-4: what is not lazy is returned as it is', () => {
  const cyclic: Record<string, unknown> = { name: 'a' };
  cyclic['children'] = [{ parent: cyclic }];
  const proxied = new Proxy({}, { get: (_, property) => (property === 'then' ? undefined : () => 1) });
  let deep: Record<string, unknown> = {};
  for (let i = 0; i < 100_000; i += 1) deep = { deep };

  it.each<[string, unknown]>([
    ['a Map', new Map([['a', () => 1]])],
    ['a Set', new Set([1])],
    ['a Date', new Date()],
    ['bytes', Buffer.from('x')],
    ['an entity', new Entity()],
    ['an emitter', new EventEmitter()],
    ['a client of a broker', new Broker()],
    ["a collection of one's own", new Basket()],
    ['a class', Entity],
    ['an error', new Error('x')],
    ['a regular expression', /x/],
    ['rows', [{ id: 1, at: new Date(), tags: ['a'], owner: null }]],
    ['frozen rows', Object.freeze([Object.freeze({ id: 1 })])],
    ['data that refers to itself', cyclic],
    ['data that is deep', deep],
    ['a proxy that has everything', proxied],
    ['an object without a prototype', Object.create(null)],
    ['null', null],
    ['undefined', undefined],
    ['a symbol', Symbol('x')],
  ])('%s', async (_, value) => {
    expect(made(() => value) === value).toBe(true);
    expect((await made(async () => value)) === value).toBe(true);
  });
});
