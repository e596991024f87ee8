import { readdir } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { Test } from '@nestjs/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { TenantStorageAdmin } from '../../src/admin.js';
import { TenantContext } from '../../src/index.js';
import { type FilePage, type ListOptions, TenantStorage, TenantStorageModule } from '../../src/storage.js';
import { type Place, places } from './places.js';

const context = new TenantContext();
/** Ids that one could take for another's folder, or for the way out of one's own. */
const ids = [
  'a',
  'A',
  'a/b',
  'a-b',
  '..',
  '.',
  '%2e',
  '~2e',
  'a\\b',
  '\u00e9',
  'e\u0301',
  'a=',
  'con',
  't_acme',
  `${'x'.repeat(250)}1`,
  `${'x'.repeat(250)}2`,
];
const tenants = ids.map((id, index) => ({ id, slug: `tenant-${index}` }));
const [acme, globex] = tenants as [(typeof tenants)[0], (typeof tenants)[0]];

describe.each(Object.entries(places))('files %s', (kind, open) => {
  let place: Place;
  let files: TenantStorage;
  beforeAll(async () => {
    place = await open();
    files = new TenantStorage(place.store);
  });
  afterAll(() => place.close());
  afterEach(async () => {
    for (const tenant of tenants) await as(tenant, () => files.deleteAll());
  });

  const as = <R>(tenant: typeof acme, fn: () => R): R => context.run(tenant, fn);
  const text = (tenant: typeof acme, key: string) => as(tenant, () => files.text(key));
  const keys = async (tenant: typeof acme, options?: ListOptions) =>
    (await as(tenant, () => files.list(options))).files.map(({ key }) => key);

  it('X4: one key of all tenants is a file of each, interleaved', async () => {
    for (let round = 0; round < 3; round += 1) {
      await Promise.all(
        tenants.map(({ id }, index) =>
          as(tenants[index] as typeof acme, () => files.put('logo.png', `${id} ${round}`)),
        ),
      );
      expect(await Promise.all(tenants.map((tenant) => text(tenant, 'logo.png')))).toEqual(
        ids.map((id) => `${id} ${round}`),
      );
    }
    expect(await Promise.all(tenants.map((tenant) => keys(tenant)))).toEqual(ids.map(() => ['logo.png']));
    if (place.root === null) return;
    // On a disk that takes capitals for small letters, and two forms of a letter for one, they are as many.
    const folders = (await readdir(place.root)).map((name) => name.toLowerCase().normalize('NFC'));
    expect(new Set(folders).size).toBe(ids.length);
  });

  it("X4: what one tenant deletes, copies or overwrites is no other's", async () => {
    for (const tenant of tenants) await as(tenant, () => files.put('a/b.txt', tenant.slug));
    await as(acme, () => files.delete('a/b.txt'));
    expect(await as(acme, () => files.copy('a/b.txt', 'c.txt'))).toBe(false);
    expect(await as(globex, () => files.copy('a/b.txt', 'c.txt'))).toBe(true);
    expect(await as(globex, () => files.copy('c.txt', 'c.txt'))).toBe(true);
    expect(await as(globex, () => files.copy('gone.txt', 'gone.txt'))).toBe(false);
    expect(await Promise.all([acme, globex].map((tenant) => text(tenant, 'c.txt')))).toEqual([null, globex.slug]);
    await as(globex, () => files.deleteAll());
    expect(await Promise.all(tenants.map((tenant) => text(tenant, 'a/b.txt')))).toEqual(
      tenants.map((tenant) => (tenant === acme || tenant === globex ? null : tenant.slug)),
    );
  });

  it.each([
    '',
    '/',
    '/etc/passwd',
    '..',
    '../t-a/logo.png',
    'a/../../b',
    'a/./b',
    './a',
    'a//b',
    'a/',
    'a\\..\\b',
    'a\0b',
    'a\nb',
    '\ud800',
    'x'.repeat(801),
    7,
    null,
    undefined,
  ])('X4: the key %j is refused, by everything', async (key) => {
    const wrong = /is given a key that/;
    const methods = ['put', 'get', 'text', 'stream', 'exists', 'info', 'delete', 'signedUrl'] as const;
    for (const method of methods) {
      const call = () => (method === 'put' ? files.put(key as never, 'x') : files[method](key as never));
      await expect(as<Promise<unknown>>(acme, call)).rejects.toThrow(wrong);
    }
    await expect(as(acme, () => files.copy(key as never, 'x'))).rejects.toThrow(wrong);
    await expect(as(acme, () => files.copy('x', key as never))).rejects.toThrow(wrong);
  });

  it.each(['../', '..', '../t-', '/', 'a/../', 'a//', 'a\\'])('X4: the prefix %j is refused', async (prefix) => {
    await as(globex, () => files.put('logo.png', 'x'));
    await expect(as(acme, () => files.list({ prefix }))).rejects.toThrow(/is given a prefix that/);
    await expect(as(acme, () => files.deleteAll({ prefix }))).rejects.toThrow(/is given a prefix that/);
    expect(await keys(globex)).toEqual(['logo.png']);
  });

  it.each([
    '',
    'pdf',
    'text/',
    '/plain',
    'text/plain;',
    'text/plain; charset',
    'text/plain; charset="utf-8',
    ' text/plain',
    'text/plain\r\nx-amz-acl: public-read',
    'text/plain\n',
    'text/plain; a="\n"',
    'text/plän',
    'text/plain, text/html',
    7,
    null,
    ['text/plain'],
  ])('the content type %j is refused, and nothing is written', async (contentType) => {
    const body = Readable.from(['x']);
    await expect(as(acme, () => files.put('typed', body, { contentType } as never))).rejects.toThrow(
      /TenantStorage\.put\.contentType: is no media type/,
    );
    expect(body.readableDidRead).toBe(false);
    expect(await keys(acme)).toEqual([]);
  });

  it.each(['application/pdf', 'image/svg+xml', 'text/plain;charset=utf-8', 'a/b; c="d \\" e" ; f=g', undefined])(
    'the content type %j is taken',
    async (contentType) => {
      await as(acme, () => files.put('typed', 'x', { contentType }));
      expect(await text(acme, 'typed')).toBe('x');
    },
  );

  it('keys are what the application gave', async () => {
    const given = [
      '%2e%2e/x',
      '~2e',
      'a',
      'a b+c&d?e#f',
      'a.b',
      'a/b',
      'a=/b',
      'a!/b',
      '\u00e9',
      'e\u0301',
      '日本',
      "it's",
      '...',
    ];
    await as(acme, async () => {
      for (const key of given) await files.put(key, key);
    });
    const ordered = given.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    // The server of these tests has an order of its own.
    expect(kind === 'in S3' ? (await keys(acme)).toSorted() : await keys(acme)).toEqual(
      kind === 'in S3' ? given.toSorted() : ordered,
    );
    expect(await Promise.all(given.map((key) => text(acme, key)))).toEqual(given);
    expect(await keys(globex)).toEqual([]);
  });

  it('lists page by page, by prefix, interleaved with another', async () => {
    const all = Array.from({ length: 25 }, (_, index) => `in/${String(index).padStart(2, '0')}.txt`);
    for (const tenant of [acme, globex])
      await as(tenant, () => Promise.all([...all, 'other.txt'].map((key) => files.put(key, tenant.slug))));
    for (const prefix of ['in/', 'in', 'in/1']) {
      const seen: string[] = [];
      let page: FilePage | undefined;
      do {
        const options = { prefix, limit: 7, ...(page?.next && { after: page.next }) };
        page = await as(acme, () => files.list(options));
        seen.push(...page.files.map(({ key }) => key));
        await as(globex, () => files.list(options));
      } while (page.next !== null);
      expect(seen).toEqual(all.filter((key) => key.startsWith(prefix)));
    }
    const [first] = (await as(acme, () => files.list({ limit: 1 }))).files;
    expect(first).toEqual({ key: 'in/00.txt', size: acme.slug.length, modified: expect.any(Date) });
    await as(acme, () => files.deleteAll({ prefix: 'in/0' }));
    expect((await keys(acme)).length).toBe(16);
    expect((await keys(globex)).length).toBe(26);
  });

  it('a stream goes in and out, and one that fails leaves what was there', async () => {
    const block = Buffer.alloc(1024 * 1024, 7);
    const large = () =>
      Readable.from(
        (function* () {
          for (let each = 0; each < 20; each += 1) yield block;
        })(),
      );
    await as(acme, () => files.put('large.bin', large(), { contentType: 'application/x-large' }));
    const info = await as(acme, () => files.info('large.bin'));
    expect(info).toEqual({ key: 'large.bin', size: 20 * block.length, modified: expect.any(Date) });
    const stream = await as(acme, () => files.stream('large.bin'));
    expect((await buffer(stream as Readable)).equals(Buffer.alloc(20 * block.length, 7))).toBe(true);
    for (const megabytes of [1, 18]) {
      const failing = Readable.from(
        (function* () {
          for (let each = 0; each < megabytes; each += 1) yield block;
          throw new Error('the client is gone');
        })(),
      );
      await expect(as(acme, () => files.put('large.bin', failing))).rejects.toThrow('the client is gone');
    }
    expect(await as(acme, () => files.info('large.bin'))).toEqual(info);
    expect(await keys(acme)).toEqual(['large.bin']);
    await as(acme, () => files.put('empty', Readable.from([])));
    expect(await text(acme, 'empty')).toBe('');
  });

  it('what listens to a stream runs as whoever asked', async () => {
    for (const tenant of [acme, globex]) await as(tenant, () => files.put('a', tenant.slug));
    const seen = await Promise.all(
      Array.from({ length: 20 }, (_, turn) => (turn % 2 ? acme : globex)).map(async (tenant) => {
        const stream = (await as(tenant, () => files.stream('a'))) as Readable;
        return new Promise<boolean>((resolve, reject) => {
          as(tenant, () =>
            stream.on('data', (data: Buffer) =>
              resolve(context.tenantId === tenant.id && String(data) === tenant.slug),
            ),
          );
          stream.on('error', reject);
        });
      }),
    );
    expect(seen.every(Boolean)).toBe(true);
  });

  it('X4: without a tenant nothing is read or written, but what is shared', async () => {
    for (const refused of [
      () => files.put('a', 'x'),
      () => files.get('a'),
      () => files.list(),
      () => files.deleteAll(),
      () => files.signedUrl('a'),
    ]) {
      await expect(refused()).rejects.toThrow(/tenant_context_missing/);
    }
    const shared = files.shared('templates');
    await shared.put('a', 'shared');
    await as(acme, () => files.put('a', 'own'));
    expect([await shared.text('a'), await as(acme, () => shared.text('a')), await text(acme, 'a')]).toEqual([
      'shared',
      'shared',
      'own',
    ]);
    expect(await files.shared('Templates').get('a')).toBeNull();
    await as(acme, () => files.deleteAll());
    expect(await shared.text('a')).toBe('shared');
    await shared.deleteAll();
    expect(() => files.shared('')).toThrow(/is given no name/);
  });

  it('X4: a signed address is good for one file of one tenant and one method', async () => {
    for (const tenant of [acme, globex]) await as(tenant, () => files.put('in/a b.txt', tenant.slug));
    const urls = await Promise.all([acme, globex].map((tenant) => as(tenant, () => files.signedUrl('in/a b.txt'))));
    const answers = await Promise.all([...urls, ...urls].map(async (url) => (await fetch(url)).text()));
    expect(answers).toEqual([acme.slug, globex.slug, acme.slug, globex.slug]);
    const [url = ''] = urls;
    if (kind === 'on a disk') {
      for (const changed of [
        url.slice(0, -1),
        `${url}x`,
        url.replace('/v1.', '/v2.'),
        url.replace(/\.[^.]+$/, '.'),
        `${url}/`,
      ]) {
        expect((await fetch(changed)).status).toBe(404);
      }
      expect((await fetch(url, { method: 'PUT', body: 'forged' })).status).toBe(404);
      expect((await fetch(url, { method: 'DELETE' })).status).toBe(404);
    }
    const put = await as(acme, () => files.signedUrl('up.txt', { method: 'PUT', expiresIn: 60 }));
    expect((await fetch(put, { method: 'PUT', body: 'uploaded' })).ok).toBe(true);
    expect([await text(acme, 'up.txt'), await text(globex, 'up.txt')]).toEqual(['uploaded', null]);
    await expect(as(acme, () => files.signedUrl('a', { expiresIn: 0 }))).rejects.toThrow(
      /expiresIn: is no whole number/,
    );
    await expect(as(acme, () => files.signedUrl('a', { method: 'POST' as never }))).rejects.toThrow(
      /method: is neither/,
    );
  });

  it('X4: all files of one tenant are deleted, by the tenant or the admin, with more than a page', async () => {
    const events: object[] = [];
    const module = await Test.createTestingModule({
      imports: [TenantStorageModule.forRoot({ store: place.store })],
    }).compile();
    const injected = module.get(TenantStorage);
    const admin = new TenantStorageAdmin(
      (id) => ({ deleteAll: () => context.run({ id, slug: id }, () => injected.deleteAll()) }),
      (event) => void events.push(event),
    );
    const many = Array.from({ length: 1_050 }, (_, index) => `many/${index % 7}/${index}`);
    for (let at = 0; at < many.length; at += 50) {
      await Promise.all(many.slice(at, at + 50).map((key) => as(acme, () => injected.put(key, 'x'))));
    }
    await as(globex, () => injected.put('many/0/0', 'x'));
    await module.get(TenantStorageAdmin).deleteAll(acme.id, { reason: 'account closed' });
    expect([await keys(acme), await keys(globex)]).toEqual([[], ['many/0/0']]);
    await admin.deleteAll(globex.id, { reason: 'account closed' });
    expect(await keys(globex)).toEqual([]);
    expect(events).toEqual([
      {
        action: 'delete_files',
        tenantId: globex.id,
        reason: 'account closed',
        fromTenantId: null,
        at: expect.any(Date),
      },
    ]);
    await expect(admin.deleteAll(acme.id, {} as never)).rejects.toThrow(/has no reason/);
    await expect(admin.deleteAll('', { reason: 'x' })).rejects.toThrow(/no id of a tenant/);
    await expect(as(acme, () => injected.deleteAll({ prefix: undefined }))).rejects.toThrow(/prefix: is empty/);
  });
});
