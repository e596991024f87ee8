import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { Test } from '@nestjs/testing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { fromSubdomain, TenancyModule, TenantContext } from '../../src/index.js';
import { diskStore, fileHandler, s3Store, TenantStorage, TenantStorageModule } from '../../src/storage.js';
import { acme, adapters, call, globex, sendRaw, serve, testRegistry } from '../server.js';
import { secret } from './places.js';

const context = new TenantContext();
let root: string;
let files: TenantStorage;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'tenancy-disk-'));
  files = new TenantStorage(diskStore({ root, urls: { base: 'http://files.test/files/', secret } }));
  for (const tenant of [acme, globex]) await context.run(tenant, () => files.put('in/a.txt', tenant.slug));
});
afterEach(async () => {
  vi.useRealTimers();
  await rm(root, { recursive: true, force: true });
});
const as = <R>(fn: () => R): R => context.run(acme, fn);

describe('a disk', () => {
  it('X4: a link that leads to another tenant is not followed, by anything', async () => {
    await symlink(join(root, 't-t_globex'), join(root, 't-t_acme/out='));
    await symlink(join(root, 't-t_globex/in=/a.txt'), join(root, 't-t_acme/in=/link.txt'));
    const attempts: (() => Promise<unknown>)[] = [
      () => files.get('out/in/a.txt'),
      () => files.put('out/in/a.txt', 'forged'),
      () => files.put('out/b.txt', 'forged'),
      () => files.delete('out/in/a.txt'),
      () => files.copy('in/a.txt', 'out/in/a.txt'),
      () => files.copy('out/in/a.txt', 'b.txt'),
      () => files.get('in/link.txt'),
    ];
    for (const attempt of attempts) {
      await expect(as(attempt)).rejects.toThrow(/does not follow it/);
    }
    expect(await as(() => files.exists('in/link.txt'))).toBe(false);
    expect(await as(() => files.copy('in/link.txt', 'b.txt'))).toBe(false);
    expect((await as(() => files.list())).files.map(({ key }) => key)).toEqual(['in/a.txt']);
    await as(() => files.put('in/link.txt', 'own'));
    expect(await as(() => files.text('in/link.txt'))).toBe('own');
    await as(() => files.deleteAll());
    expect(await context.run(globex, () => files.text('in/a.txt'))).toBe('globex');
    expect(await readdir(root)).toEqual(['t-t_globex']);
  });

  it('X4: a folder of a tenant that is a link to another is not followed, by anything', async () => {
    const eve = { id: 't_eve', slug: 'eve' };
    await symlink(join(root, 't-t_globex'), join(root, 't-t_eve'));
    const attempts: (() => Promise<unknown>)[] = [
      () => files.list(),
      () => files.list({ prefix: 'in/' }),
      () => files.get('in/a.txt'),
      () => files.info('in/a.txt'),
      () => files.exists('in/a.txt'),
      () => files.put('in/a.txt', 'forged'),
      () => files.copy('in/a.txt', 'b.txt'),
      () => files.delete('in/a.txt'),
      () => files.deleteAll(),
    ];
    for (const attempt of attempts) await expect(context.run(eve, attempt)).rejects.toThrow(/does not follow it/);
    expect(await context.run(globex, () => files.text('in/a.txt'))).toBe('globex');
    expect((await as(() => files.list())).files.map(({ key }) => key)).toEqual(['in/a.txt']);
  });

  it('keeps the file where a stream has no bytes to give: of objects, or read already', async () => {
    await expect(as(() => files.put('in/a.txt', Readable.from([{ a: 1 }])))).rejects.toThrow(/a stream of objects/);
    const read = Readable.from(['x']);
    await read.toArray();
    await expect(as(() => files.put('in/a.txt', read))).rejects.toThrow(/was read already/);
    expect(await as(() => files.text('in/a.txt'))).toBe('acme');
    expect((await readdir(root)).filter((name) => name.startsWith('.'))).toEqual([]);
    await as(() => files.put('in/b.txt', Readable.from(['a', Buffer.from('b')])));
    expect(await as(() => files.text('in/b.txt'))).toBe('ab');
  });

  it('leaves nothing behind', async () => {
    await as(() => files.put('a/b/c', 'x'));
    await as(() => files.put('a/b', 'x'));
    await as(() => files.delete('a/b/c'));
    expect((await readdir(join(root, 't-t_acme'))).toSorted()).toEqual(['a=', 'in='].toSorted());
    await Promise.all(
      Array.from({ length: 40 }, (_, turn) =>
        as(() => (turn % 2 ? files.put(`x/y/${turn}`, 'x') : files.delete(`x/y/${turn + 1}`))),
      ),
    );
    expect((await readdir(root)).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  it("stray files are nobody's", async () => {
    await mkdir(join(root, 't-t_acme/UPPER='), { recursive: true });
    await writeFile(join(root, 't-t_acme/Stray.txt'), 'x');
    expect((await as(() => files.list())).files.map(({ key }) => key)).toEqual(['in/a.txt']);
    expect(await readFile(join(root, 't-t_acme/in=/a.txt'), 'utf8')).toBe('acme');
  });

  it('an address ends', async () => {
    const store = diskStore({ root, urls: { base: 'http://files.test', secret } });
    const url = await as(() => files.signedUrl('in/a.txt', { expiresIn: 30 }));
    expect(url).toMatch(/^http:\/\/files\.test\/files\/v1\./);
    const token = url.split('/').at(-1) as string;
    expect(store.verify(token)).toEqual({ folder: 't-t_acme', key: 'in/a.txt', method: 'GET' });
    expect(diskStore({ root, urls: { base: 'http://files.test', secret: 'x'.repeat(32) } }).verify(token)).toBeNull();
    expect(diskStore({ root }).verify(token)).toBeNull();
    vi.useFakeTimers({ now: Date.now() + 31_000 });
    expect(store.verify(token)).toBeNull();
  });
});

it.each(adapters)(
  "X4: in an application on %s, an address of one tenant is nothing on the other's host",
  async (adapter) => {
    const store = diskStore({ root, urls: { base: 'http://files.test/files', secret } });
    const server = await serve(
      adapter,
      {
        imports: [
          TenancyModule.forRoot({
            registry: testRegistry(),
            sources: [fromSubdomain({ baseDomain: 'app.example.com' })],
          }),
          TenantStorageModule.forRootAsync({ useFactory: () => ({ store }) }),
        ],
      },
      (app) => app.use('/files', fileHandler(store)),
    );
    const injected = server.app.get(TenantStorage);
    const path = async (tenant: typeof acme, key = 'in/a.txt') =>
      new URL(await context.run(tenant, () => injected.signedUrl(key))).pathname;
    const asked = Array.from({ length: 5 }, () => [acme, globex]).flat();
    const replies = await Promise.all(
      asked.map(async (tenant) => call(server, `${tenant.slug}.app.example.com`, await path(tenant))),
    );
    expect(replies.map(({ text }) => text)).toEqual(asked.map(({ slug }) => slug));
    expect(replies[0]?.headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'cache-control': 'private, no-store',
    });
    expect((await call(server, 'acme.app.example.com', await path(globex))).status).toBe(404);
    expect((await call(server, 'closed.app.example.com', await path(globex))).status).toBe(404);
    expect((await call(server, 'app.example.com', await path(globex))).text).toBe('globex');
    expect(
      (await call(server, 'acme.app.example.com', await path(acme), { method: 'HEAD' })).headers['content-length'],
    ).toBe('4');
    expect((await call(server, 'acme.app.example.com', await path(acme, 'nothing'))).status).toBe(404);
    await server.close();
  },
);

it.each(adapters)(
  'X4: on %s, a host that is malformed, or named twice, is 400, and nothing is sent',
  async (adapter) => {
    const store = diskStore({ root, urls: { base: 'http://files.test/files', secret } });
    const server = await serve(
      adapter,
      {
        imports: [
          TenancyModule.forRoot({
            registry: testRegistry(),
            sources: [fromSubdomain({ baseDomain: 'app.example.com' })],
          }),
          TenantStorageModule.forRootAsync({ useFactory: () => ({ store }) }),
        ],
      },
      (app) => app.use('/files', fileHandler(store)),
    );
    const get = new URL(await as(() => files.signedUrl('in/a.txt'))).pathname;
    const put = new URL(await as(() => files.signedUrl('in/a.txt', { method: 'PUT' }))).pathname;
    const ask = (line: string, ...hosts: string[]) =>
      sendRaw(
        server,
        `${line} HTTP/1.1\n${hosts.map((host) => `Host: ${host}\n`).join('')}Content-Length: 0\nConnection: close\n\n`,
      );
    const [own, other] = ['acme.app.example.com', 'globex.app.example.com'] as const;
    const wrong = [
      [own, other],
      [other, own],
      ['app.example.com', other],
      [own, own],
      [`${own}:99999`],
      [`${other}:99999`],
      [`${own}/`],
      ['a..b'],
    ];
    const asked = wrong.flatMap((hosts) => [[`GET ${get}`, hosts] as const, [`PUT ${put}`, hosts] as const]);
    const answers = await Promise.all([
      ...asked.map(([line, hosts]) => ask(line, ...hosts)),
      ask(`GET http://${other}${get}`, own),
      ...Array.from({ length: 5 }, () => ask(`GET ${get}`, own)),
    ]);
    expect(answers.map((answer) => answer.split(' ')[1])).toEqual([...Array(17).fill('400'), ...Array(5).fill('200')]);
    expect(answers.slice(0, 17).join('')).not.toContain('\r\n\r\nacme');
    expect(await as(() => files.text('in/a.txt'))).toBe('acme');
    await server.close();
  },
);

it('wrong options are refused by name', async () => {
  expect(() => diskStore({} as never)).toThrow(/diskStore\.root: is missing/);
  expect(() => diskStore({ root, url: {} } as never)).toThrow(/diskStore\.url: is unknown/);
  expect(() => diskStore({ root, urls: { base: 'files', secret } })).toThrow(/urls\.base: is no address/);
  expect(() => diskStore({ root, urls: { base: 'http://a', secret: 'short' } })).toThrow(/urls\.secret: has 5 bytes/);
  expect(() => s3Store({ bucket: 'a' } as never)).toThrow(/s3Store\.client: is no client/);
  expect(() => s3Store({ client: { send() {} } } as never)).toThrow(/s3Store\.bucket: is missing/);
  expect(() => fileHandler({} as never)).toThrow(/fileHandler: is given no disk/);
  expect(() => TenantStorageModule.forRoot({} as never)).toThrow(/store: is no store/);
  expect(() => TenantStorageModule.forRoot({ stor: 1 } as never)).toThrow(/stor: is unknown/);
  const late = Test.createTestingModule({
    imports: [TenantStorageModule.forRootAsync({ useFactory: () => ({}) as never })],
  });
  await expect(late.compile()).rejects.toThrow(/store: is no store/);
  const bare = new TenantStorage(diskStore({ root }));
  await expect(as(() => bare.signedUrl('a'))).rejects.toThrow(/a store that has none/);
  await expect(as(() => bare.put('a', 7 as never))).rejects.toThrow(/is given no content/);
  await expect(as(() => bare.list({ limit: 0 }))).rejects.toThrow(/limit: is no whole number/);
  await expect(as(() => bare.put(`${'é'.repeat(50)}`, 'x'))).rejects.toThrow(/too long for a disk/);
});
