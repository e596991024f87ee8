import type { Cache } from '@nestjs/cache-manager';
import { Logger } from '@nestjs/common';
import { createCache } from 'cache-manager';
import { Keyv } from 'keyv';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { TenantCacheModule, type TenantCacheOptions } from '../../src/cache.js';
import { acme, asTenant, context, globex, open } from './tenants.js';

type Data = Map<string, string>;

/** A process over `stores`, whose caches are closed after the test. */
const opened: { close(): Promise<void> }[] = [];
async function over(stores: Keyv | Keyv[], options: TenantCacheOptions & { nonBlocking?: boolean } = {}) {
  const one = await open(TenantCacheModule.register({ stores, ...options }));
  opened.push(one);
  return { ...one, ofAcme: asTenant(acme, one.cache), ofGlobex: asTenant(globex, one.cache) };
}
afterEach(async () => {
  vi.restoreAllMocks();
  await Promise.all(opened.splice(0).map((one) => one.close()));
});

const entriesOf = (data: Data, part: string) => [...data.keys()].filter((key) => key.includes(part));

describe("K4: a value that is stored under a tenant's key, and is another's,", () => {
  let data: Data;
  let error: ReturnType<typeof vi.spyOn>;
  beforeEach(() => {
    data = new Map();
    error = vi.spyOn(Logger.prototype, 'error').mockImplementation(() => {});
  });

  async function planted() {
    const { ofAcme, ofGlobex } = await over(new Keyv({ store: data }));
    await ofAcme.set('a', "acme's secret");
    await ofGlobex.set('a', "globex's");
    const [from, to] = ['/t_acme/', '/t_globex/'].map(
      (part) => entriesOf(data, part).find((key) => key.endsWith('/a')) as string,
    );
    data.set(to as string, data.get(from as string) as string);
    return { ofAcme, ofGlobex };
  }

  it.each<[string, (cache: Cache) => Promise<unknown>, unknown]>([
    ['get', (cache) => cache.get('a'), undefined],
    ['mget', (cache) => cache.mget(['a', 'b']), [undefined, undefined]],
    ['wrap', (cache) => cache.wrap('a', () => 'loaded', 1_000), 'loaded'],
    [
      'wrap, raw',
      (cache) => cache.wrap('a', () => 'loaded', { raw: true, ttl: 1_000 }),
      { value: 'loaded', expires: expect.any(Number) },
    ],
    [
      'wrap with functions of the value',
      (cache) =>
        cache.wrap(
          'a',
          () => 'loaded',
          (value) => value.length * 1_000,
          (value) => value.length,
        ),
      'loaded',
    ],
  ])('is missing for %s, with a line in the log that names nobody', async (_, read, answer) => {
    const { ofAcme, ofGlobex } = await planted();
    const [own, foreign] = await Promise.all([ofAcme.get('a'), read(ofGlobex)]);
    expect(own).toBe("acme's secret");
    expect(foreign).toEqual(answer);
    expect(error.mock.calls).toHaveLength(1);
    expect(String(error.mock.calls[0])).not.toMatch(/t_acme|t_globex|secret/);
  });

  it.each(['plain', 5, null, false, { tenancy: 't/t_globex' }, ['t/t_acme'], { value: 'v' }])(
    'which something else has written, such as %j, is missing too',
    async (value) => {
      const store = new Keyv({ store: data });
      const { ofAcme } = await over(store);
      await ofAcme.set('a', 1);
      await store.set(entriesOf(data, '/a')[0]?.slice('keyv:'.length) as string, value);
      expect(await ofAcme.get('a')).toBeUndefined();
      expect(await ofAcme.wrap('a', () => 2)).toBe(2);
      expect(await ofAcme.get('a')).toBe(2);
    },
  );
});

describe('K4: keys', () => {
  const names = [
    'a',
    'a/b',
    'a:b',
    'a::b',
    '/a',
    'a/',
    '',
    ' ',
    '%2F',
    'a!b',
    '"a"',
    'tenancy/t/t_acme',
    '__proto__',
    'constructor',
    'toString',
    '\0',
    '\ud800',
    '\udfff',
    '\ufffd',
    'é',
    'e\u0301',
    'keyv:a',
    'x'.repeat(70_000),
  ];
  const ids = [
    't_acme',
    't_globex',
    'a',
    'a/b',
    'a:b',
    'a%2Fb',
    '__proto__',
    'constructor',
    't',
    's',
    't/a',
    '.',
    '..',
    '~',
    '!',
    "'",
    '(',
    '*',
    'é',
    'x'.repeat(255),
    '💚',
  ];

  it('of all tenants, and all names of entries, are different ones, also where they end and begin alike', async () => {
    const data: Data = new Map();
    const { cache, tenantCache } = await over(new Keyv({ store: data }));
    const places = ids.flatMap((id) => names.map((key) => ({ id, key, of: asTenant({ id, slug: 'any' }, cache) })));
    await Promise.all(places.map(({ id, key, of }) => of.set(key, [id, key])));
    for (const name of ids) await tenantCache.shared(name).set('a', ['shared', name]);
    for (const { id, key, of } of places) expect(await of.get(key)).toEqual([id, key]);
    for (const name of ids) expect(await tenantCache.shared(name).get('a')).toEqual(['shared', name]);
    for (const id of ids) {
      const found = await asTenant({ id, slug: 'any' }, cache).mget(names);
      expect(found).toEqual(names.map((key) => [id, key]));
    }
  });

  it('are the same ones in UTF-8, in which a store may write them', async () => {
    const data: Data = new Map();
    const { ofAcme } = await over(new Keyv({ store: data }));
    for (const key of names) await ofAcme.set(key, key);
    const bytes = new Set([...data.keys()].map((key) => Buffer.from(key).toString('hex')));
    // And the generation's own.
    expect(bytes.size).toBe(names.length + 1);
  });

  it.each([
    ['a', 'a:tenancy'],
    ['tenancy', 'tenancy/t'],
    ['a', 'a:tenancy/t/t_acme'],
  ])('in the namespaces %j and %j of one store meet nowhere', async (one, other) => {
    const data: Data = new Map();
    const [first, second] = await Promise.all(
      [one, other].map((namespace) => over(new Keyv({ store: data, namespace }))),
    );
    for (const key of names) {
      await first?.ofAcme.set(key, 'first');
      await second?.ofAcme.set(key, 'second');
      await second?.ofGlobex.mset([{ key, value: 'third' }]);
      expect(await first?.ofAcme.mget([key])).toEqual(['first']);
      expect(await second?.ofAcme.get(key)).toBe('second');
      expect(await second?.ofGlobex.get(key)).toBe('third');
    }
  });
});

describe('values are what they are over a plain cache-manager', () => {
  const values: Readonly<Record<string, unknown>> = {
    zero: 0,
    'an empty string': '',
    false: false,
    null: null,
    NaN: Number.NaN,
    'an empty list': [],
    'a list with nothing in it': [undefined, 1],
    'an empty object': {},
    'a missing property': { a: undefined },
    'a lone surrogate': '💚\ud800',
    bytes: Buffer.from([0, 255]),
    'bytes within': { of: [Buffer.from('ab')] },
    'a date': new Date(0),
    'what looks stored': { value: 1, tenancy: 't/t_globex' },
    'a big integer': 10n,
    'a string that Keyv writes otherwise': ':base64:YQ==',
    'an own __proto__': JSON.parse('{"__proto__":{"tenancy":"t/t_globex"}}'),
  };

  it.each(Object.keys(values))('%s', async (name) => {
    const value = values[name];
    const seen = async (cache: Cache) => [
      await cache.set('a', value).catch(String),
      await cache.get('a'),
      await cache.mget(['a', 'b']),
      await cache.wrap('a', () => 'loaded').catch(String),
    ];
    const json = () => new Keyv({ store: new Map() });
    const asItIs = () => Object.assign(json(), { serialize: undefined, deserialize: undefined });
    for (const keyv of [json, asItIs]) {
      const { ofAcme } = await over(keyv());
      expect(await seen(ofAcme)).toEqual(await seen(createCache({ stores: [keyv()] })));
    }
  });

  it('undefined is missing, and a symbol is refused', async () => {
    const { ofAcme } = await over(new Keyv());
    await ofAcme.set('a', undefined);
    expect(await ofAcme.wrap('a', () => 'loaded')).toBe('loaded');
    await expect(ofAcme.set('a', Symbol('a'))).rejects.toThrow('symbol cannot be serialized');
    const load = vi.fn(() => undefined);
    await ofAcme.wrap('b', load);
    await ofAcme.wrap('b', load);
    expect(load).toHaveBeenCalledTimes(2);
  });
});

describe('K10: the generation', () => {
  it('is read from the last store: a process whose own memory has none finds what others have', async () => {
    const data: Data = new Map();
    const first = await over([new Keyv(), new Keyv({ store: data })]);
    await first.ofAcme.set('a', 1);
    const second = await over([new Keyv(), new Keyv({ store: data })]);
    expect(await second.ofAcme.get('a')).toBe(1);
  });

  it('is a new random one where it is missing, never what was there before', async () => {
    const data: Data = new Map();
    const { ofAcme } = await over(new Keyv({ store: data }), { clearedWithin: 0 });
    const seen = new Set<string>();
    for (let turn = 0; turn < 5; turn += 1) {
      await ofAcme.set('a', turn);
      const generation = data.get('keyv:tenancy/t/t_acme') as string;
      expect(JSON.parse(generation)).toMatchObject({ value: expect.stringMatching(/^[\w-]{16}$/) });
      seen.add(generation);
      data.delete('keyv:tenancy/t/t_acme');
      expect(await ofAcme.get('a')).toBeUndefined();
    }
    expect(seen.size).toBe(5);
  });

  it.each([0, 50])('what another process clears is gone here after %i ms', async (clearedWithin) => {
    const data: Data = new Map();
    const [here, there] = await Promise.all(
      [1, 2].map(() => over([new Keyv(), new Keyv({ store: data })], { clearedWithin })),
    );
    await here?.ofAcme.set('a', 1);
    await there?.ofAcme.set('a', 2);
    await here?.ofGlobex.set('a', 3);
    await there?.ofAcme.clear();
    const left = () => here?.ofAcme.get('a');
    if (clearedWithin === 0) expect(await left()).toBeUndefined();
    else await vi.waitFor(async () => expect(await left()).toBeUndefined(), { interval: 5 });
    expect(await here?.ofGlobex.get('a')).toBe(3);
  });

  it('lives for ever, whatever time to live the store and the module have', async () => {
    const data: Data = new Map();
    const one = await open(TenantCacheModule.register({ stores: new Keyv({ store: data, ttl: 5 }), ttl: 5 }));
    opened.push(one);
    await asTenant(acme, one.cache).set('a', 1);
    expect(JSON.parse(data.get('keyv:tenancy/t/t_acme') as string)).not.toHaveProperty('expires');
  });

  it("is asked for outside every tenant, so that the first question opens a connection that is nobody's", async () => {
    const asked: boolean[] = [];
    class Connecting extends Map {
      override get(key: string) {
        asked.push(context.isActive());
        return super.get(key);
      }
    }
    const { ofAcme } = await over(new Keyv({ store: new Connecting() }));
    await ofAcme.get('a');
    expect(asked[0]).toBe(false);
  });

  it('clear says so when the store did not keep it, and then nothing is cleared', async () => {
    let isReadOnly = false;
    class Replica extends Map {
      override set(key: string, value: unknown) {
        return isReadOnly ? this : super.set(key, value);
      }
    }
    const { ofAcme, ofGlobex } = await over(new Keyv({ store: new Replica() }));
    await ofAcme.set('a', 1);
    isReadOnly = true;
    await expect(ofAcme.clear()).rejects.toMatchObject({ code: 'tenant_cache_unavailable' });
    await expect(ofGlobex.clear()).rejects.toMatchObject({ code: 'tenant_cache_unavailable' });
    expect(await ofAcme.get('a')).toBe(1);
  });

  it('a last store that is out of reach leaves the levels before it as they are', async () => {
    let isDown = false;
    class Unreliable extends Map {
      override get(key: string) {
        if (isDown) throw new Error('connection refused');
        return super.get(key);
      }
      override set(key: string, value: unknown) {
        if (isDown) throw new Error('connection refused');
        return super.set(key, value);
      }
    }
    const last = new Keyv({ store: new Unreliable() });
    last.on('error', () => {});
    const { ofAcme, ofGlobex } = await over([new Keyv(), last], { clearedWithin: 0 });
    await ofAcme.set('a', 1);
    isDown = true;
    expect(await ofAcme.get('a')).toBe(1);
    expect(await ofGlobex.get('a')).toBeUndefined();
    await expect(ofAcme.clear()).rejects.toThrow();
    isDown = false;
    expect(await ofAcme.get('a')).toBe(1);
  });
});

it('what is cleared while the generation is being asked for does not come back', async () => {
  let release: (() => void) | undefined;
  let isHeld = false;
  const map = new Map();
  const store = {
    opts: {},
    get: async (key: string) => {
      const found = map.get(key);
      if (isHeld && key.endsWith('tenancy/t/t_acme')) {
        isHeld = false;
        await new Promise<void>((resolve) => (release = resolve));
      }
      return found;
    },
    set: async (key: string, value: unknown) => void map.set(key, value),
    delete: async (key: string) => map.delete(key),
    clear: async () => map.clear(),
  };
  const { ofAcme } = await over(new Keyv({ store }), { clearedWithin: 30 });
  await ofAcme.set('a', 'old');
  await new Promise((resolve) => setTimeout(resolve, 40));
  isHeld = true;
  const early = ofAcme.get('a');
  await vi.waitFor(() => expect(release).toBeDefined());
  await ofAcme.clear();
  release?.();
  await early;
  expect(await ofAcme.get('a')).toBeUndefined();
});
