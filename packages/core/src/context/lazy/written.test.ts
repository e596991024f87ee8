import { createCipheriv, createHash } from 'node:crypto';
import { type Duplex, PassThrough, Readable, Transform, Writable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { createGzip, gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { TenantContext } from '../tenant-context.js';

const acme = { id: 't_acme', slug: 'acme' };
const globex = { id: 't_globex', slug: 'globex' };
const context = new TenantContext();
const now = () => (context.isActive() ? context.tenantId : 'none');

const into = (stored: Map<string, string[]>) =>
  new Writable({
    objectMode: true,
    write(row: string, _, done) {
      stored.set(now(), [...(stored.get(now()) ?? []), row]);
      done();
    },
  });

const withEnd = () =>
  new Transform({
    transform: (chunk, _, done) => done(null, chunk),
    flush(done) {
      this.push(' end');
      done();
    },
  });

describe('core-4: a stream that is written to', () => {
  it('stores rows as who it was made for, whoever writes them, interleaved', async () => {
    const stored = new Map<string, string[]>();
    const [forAcme, forGlobex] = [acme, globex].map((tenant) => context.run(tenant, () => into(stored)));
    await Promise.all([
      context.run(globex, () => pipeline(Readable.from(['a', 'b', 'c']), forAcme as Writable)),
      context.run(acme, () => pipeline(Readable.from(['x', 'y', 'z']), forGlobex as Writable)),
    ]);
    expect(Object.fromEntries(stored)).toEqual({ t_acme: ['a', 'b', 'c'], t_globex: ['x', 'y', 'z'] });
  });

  it('is left alone when it has been written to already, as one that everybody shares has been', async () => {
    const stored = new Map<string, string[]>();
    const shared = into(stored);
    shared.write('first');
    expect(context.run(acme, () => shared)).toBe(shared);
    context.run(globex, () => shared.write('x'));
    expect(Object.fromEntries(stored)).toEqual({ none: ['first'], t_globex: ['x'] });
  });

  it.each<[string, () => Duplex, (bytes: Buffer) => string]>([
    ['a Transform with a `flush`', withEnd, String],
    ['a PassThrough', () => new PassThrough(), String],
    ['gzip', createGzip, (bytes) => String(gunzipSync(bytes))],
    [
      'a cipher',
      () => createCipheriv('aes-128-cbc', Buffer.alloc(16), Buffer.alloc(16)),
      (bytes) => bytes.toString('hex'),
    ],
    ['a hash', () => createHash('sha256') as unknown as Duplex, (bytes) => bytes.toString('hex')],
  ])('ends once, as without a tenant: %s', async (_, make, read) => {
    const through = (get: (make: () => Duplex) => Duplex) =>
      buffer(get(() => Readable.from([Buffer.from('a,b')]).pipe(make()))).then(read);
    expect(await through((make) => context.run(acme, make))).toBe(await through((make) => make()));
  });

  it('of the web: fails, is left, and is shared as without a tenant', async () => {
    const ran: string[] = [];
    const sink = (error?: Error) =>
      new WritableStream<string>({
        write: (chunk) => (error ? Promise.reject(error) : void ran.push(`${chunk} ${now()}`)),
        abort: (reason) => void ran.push(`${reason} ${now()}`),
      });
    const failing = context.run(acme, () => sink(new Error('full'))).getWriter();
    await expect(failing.write('x')).rejects.toThrow('full');
    await expect(failing.closed).rejects.toThrow('full');
    await context.run(globex, () =>
      context
        .bind(() => sink())()
        .abort('enough'),
    );
    const shared = sink();
    for (const tenant of [acme, globex])
      await context
        .run(tenant, () => shared)
        .getWriter()
        .write(tenant.slug);
    expect([ran, shared.locked]).toEqual([['enough t_globex', 'acme t_acme', 'globex t_globex'], false]);
    const { readable, writable } = context.run(acme, () => new TransformStream());
    expect(await Promise.all([readable.getReader().read(), writable.getWriter().write('x')])).toEqual([
      { done: false, value: 'x' },
      undefined,
    ]);
    const through = context.run(acme, () => new TransformStream());
    expect(through).toBeInstanceOf(TransformStream);
    const letters = new ReadableStream({ start: (into) => into.enqueue('a') });
    expect(await letters.pipeThrough(through).getReader().read()).toEqual({ done: false, value: 'a' });
  });
});
