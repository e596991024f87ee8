import { AsyncResource } from 'node:async_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { isTenancyError } from '../errors/tenancy-error.js';
import { storage } from './storage.js';
import { TenantContext } from './tenant-context.js';

const acme = { id: 't_acme', slug: 'acme' };
const globex = { id: 't_globex', slug: 'globex' };
const context = new TenantContext();

/** A Prisma query in small: it does nothing until somebody awaits it, and then runs where it is awaited. */
const lazy = <T>(start: () => T): PromiseLike<T> => ({
  // biome-ignore lint/suspicious/noThenProperty: being a lazy thenable is the point.
  then: (resolve, reject) => Promise.resolve().then(start).then(resolve, reject),
});

const codeOf = (fn: () => unknown): unknown => {
  try {
    fn();
  } catch (error) {
    return isTenancyError(error) ? error.code : error;
  }
  return 'did not throw';
};

describe('outside any context', () => {
  it('throws, and never answers null', () => {
    expect(codeOf(() => context.current())).toBe('tenant_context_missing');
    expect(codeOf(() => context.tenantId)).toBe('tenant_context_missing');
    expect(codeOf(() => context.bind(() => 1))).toBe('tenant_context_missing');
    expect(context.isActive()).toBe(false);
  });
});

describe('run', () => {
  it('gives the tenant to everything inside, and nothing to what comes after', async () => {
    const inside = await context.run(acme, async () => {
      await sleep(1);
      return [context.current(), context.tenantId, context.isActive()];
    });
    expect(inside).toEqual([acme, 't_acme', true]);
    expect(context.isActive()).toBe(false);
  });

  it('restores what was before, also when it throws', () => {
    context.run(acme, () => {
      expect(() =>
        context.run(acme, () => {
          throw new Error('inner');
        }),
      ).toThrow('inner');
      expect(context.tenantId).toBe('t_acme');
    });
    expect(() =>
      context.run(acme, () => {
        throw new Error('outer');
      }),
    ).toThrow('outer');
    expect(context.isActive()).toBe(false);
  });

  it('nests in the same tenant', () => {
    expect(context.run(acme, () => context.run({ ...acme }, () => context.tenantId))).toBe('t_acme');
  });

  it('refuses another tenant inside an active context, and stays in the first', () => {
    context.run(acme, () => {
      expect(codeOf(() => context.run(globex, () => context.tenantId))).toBe('tenant_switch_refused');
      expect(context.tenantId).toBe('t_acme');
    });
  });

  it.each([undefined, null, {}, { id: '' }, { id: 7 }])('P2: refuses %j as a tenant', (tenant) => {
    expect(codeOf(() => context.run(tenant as never, () => 1))).toBe('tenant_context_missing');
  });

  it('keeps its tenant when somebody writes to the object it was given', () => {
    const mine = { ...acme };
    context.run(mine, () => {
      mine.id = 't_globex';
      expect(context.tenantId).toBe('t_acme');
    });
  });

  it('is one context for every instance', () => {
    expect(context.run(acme, () => new TenantContext().tenantId)).toBe('t_acme');
  });
});

describe('C1: lazy results start inside the context', () => {
  it('awaits a thenable inside', async () => {
    expect(await context.run(acme, () => lazy(() => context.tenantId))).toBe('t_acme');
  });

  it('interleaved: two tenants, each its own', async () => {
    const query = (tenant: typeof acme) =>
      context.run(tenant, () => lazy(() => sleep(Math.random() * 5).then(() => context.tenantId)));
    const seen = await Promise.all(Array.from({ length: 100 }, (_, i) => query(i % 2 ? acme : globex)));
    expect(seen).toEqual(seen.map((_, i) => (i % 2 ? 't_acme' : 't_globex')));
  });

  it('hands on a rejection', async () => {
    const failing = context.run(acme, () =>
      lazy(() => {
        throw new Error(context.tenantId);
      }),
    );
    await expect(failing).rejects.toThrow('t_acme');
  });

  it('starts a promise subclass that overrides `then` inside', async () => {
    class Late<T> extends Promise<T> {
      static start: () => string;
      // biome-ignore lint/suspicious/noThenProperty: as a lazy promise library does.
      override then<A, B>(
        resolve?: ((value: T) => A | PromiseLike<A>) | null,
        reject?: ((e: unknown) => B | PromiseLike<B>) | null,
      ) {
        return Promise.resolve(Late.start() as T).then(resolve, reject);
      }
    }
    Late.start = () => context.tenantId;
    expect(await context.run(acme, () => new Late<string>(() => {}))).toBe('t_acme');
  });

  it('advances generators inside, wherever they are consumed', async () => {
    async function* pages() {
      yield context.tenantId;
      await sleep(1);
      yield context.tenantId;
    }
    function* rows() {
      yield context.tenantId;
      yield context.tenantId;
    }
    const [acmePages, globexPages] = [context.run(acme, pages), context.run(globex, pages)];
    const seen: string[] = [];
    for (let i = 0; i < 2; i += 1) {
      seen.push((await acmePages.next()).value as string, (await globexPages.next()).value as string);
    }
    expect(seen).toEqual(['t_acme', 't_globex', 't_acme', 't_globex']);
    expect([...context.run(globex, rows)]).toEqual(['t_globex', 't_globex']);
    const streamed: string[] = [];
    for await (const page of context.run(acme, pages)) streamed.push(page);
    expect(streamed).toEqual(['t_acme', 't_acme']);
  });
});

describe('bind', () => {
  it('carries the tenant to a later call, with its arguments and `this`', () => {
    const bound = context.run(acme, () =>
      context.bind(function (this: { name: string }, suffix: string) {
        return `${context.tenantId} ${this.name}${suffix}`;
      }),
    );
    expect(bound.call({ name: 'x' }, '!')).toBe('t_acme x!');
  });

  it("C6: holds in another tenant's context, and leaves that one as it was", () => {
    const bound = context.run(acme, () => context.bind(() => context.tenantId));
    context.run(globex, () => {
      expect(bound()).toBe('t_acme');
      expect(context.tenantId).toBe('t_globex');
    });
  });
});

describe('C5: only `run`', () => {
  it('leaks nothing into what runs next on the same resource', () => {
    const resource = new AsyncResource('connection');
    resource.runInAsyncScope(() => context.run(acme, () => context.tenantId));
    expect(resource.runInAsyncScope(() => storage.getStore())).toBeUndefined();
  });
});

describe('a bound function is the one that was bound', () => {
  const seen = () => (context.isActive() ? context.tenantId : 'none');

  it('with its name, its length, and what is kept on it', () => {
    const cancel = () => seen();
    const debounced = Object.assign(
      function debounced(this: unknown, _a: unknown, _b: unknown, _c: unknown, _d: unknown) {
        return [this, seen()];
      },
      { cancel, pending: 2 },
    );
    const bound = context.run(acme, () => context.bind(debounced));
    expect([bound.name, bound.length, bound.pending]).toEqual(['debounced', 4, 2]);
    context.run(globex, () => {
      expect(bound.call('self', 1, 2, 3, 4)).toEqual(['self', 't_acme']);
      expect(bound.cancel()).toBe('t_acme');
      expect(seen()).toBe('t_globex');
    });
  });

  it('and makes what it makes as its tenant, also as a constructor of either kind', () => {
    class Made {
      readonly by = seen();
    }
    function Older(this: { by: string }) {
      this.by = seen();
    }
    const New = context.run(acme, () => context.bind(Made as never)) as typeof Made;
    const Old = context.run(acme, () => context.bind(Older as never)) as unknown as typeof Made;
    context.run(globex, () => {
      expect([new New().by, new Old().by]).toEqual(['t_acme', 't_acme']);
      expect([new New() instanceof Made, new New() instanceof New]).toEqual([true, true]);
    });
  });

  it('functions under symbols, and those that are not enumerable, of what is returned', () => {
    const key = Symbol('key');
    const made = context.run(acme, () => ({
      rows: [{ [key]: seen }],
      hidden: Object.defineProperty({ n: 1 }, 'fn', { value: seen, writable: true }),
    }));
    context.run(globex, () => {
      expect(made.rows[0]?.[key]?.()).toBe('t_acme');
      expect((made.hidden as unknown as { fn(): string }).fn()).toBe('t_acme');
    });
  });
});

describe('what is looked through quickly is held all the same', () => {
  const seen = () => (context.isActive() ? context.tenantId : 'none');

  it.each<[string, () => object, (held: never) => unknown]>([
    ['a list of functions in a list', () => [[1, [seen]]], (held: [[number, [() => string]]]) => held[0][1][0]()],
    [
      'a list that is an iterator as well',
      () => Object.assign([1], { next: () => ({ done: false, value: seen() }) }),
      (held: { next(): { value: string } }) => held.next().value,
    ],
    [
      'a list with a thenable in it',
      // biome-ignore lint/suspicious/noThenProperty: a lazy query is a thenable.
      () => [{ query: Object.assign([1], { then: (resolve: (by: string) => void) => resolve(seen()) }) }],
      (held: [{ query: PromiseLike<string> }]) => held[0].query,
    ],
    [
      "a list of a class of one's own",
      () => [new (class Rows extends Array<unknown> {})(seen as never, seen as never)],
      (held: [[() => string]]) => held[0][0](),
    ],
  ])('%s', async (_, make, read) => {
    const held = context.run(acme, () => ({ held: make() })).held as never;
    expect(await context.run(globex, () => read(held))).toBe('t_acme');
  });
});
