import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TenantCacheModule } from '../../src/cache.js';
import { adapters, call, type Server } from '../server.js';
import { calls, serveCached } from './application.js';
import { eachKind } from './stores.js';

const host = (slug: string) => `${slug}.app.example.com`;
const ask = async (server: Server, slug: string, path: string) => (await call(server, host(slug), path)).body;

describe.each(adapters)('%s', (adapter) => {
  eachKind(describe, (kept) => {
    let server: Server;
    beforeEach(async () => {
      calls.length = 0;
      server = await serveCached(adapter, TenantCacheModule.register(kept.place()()));
    });
    afterEach(() => server.close());

    it.each(['/jobs', '/jobs?page=2', '/named'])(
      "K1: CacheInterceptor answers %s with the tenant's own, and from the cache the second time",
      async (path) => {
        for (let round = 0; round < 3; round += 1) {
          expect(await ask(server, 'acme', path)).toEqual({ of: 'acme' });
          expect(await ask(server, 'globex', path)).toEqual({ of: 'globex' });
        }
        const handler = path.slice(1).split('?')[0];
        expect(calls).toEqual([`${handler} acme`, `${handler} globex`]);
      },
    );

    it('K1: interleaved, each has its own', async () => {
      const slugs = Array.from({ length: 30 }, (_, turn) => (turn % 2 === 0 ? 'acme' : 'globex'));
      const asked = ['/jobs', '/named', '/written', '/wrapped?key=a'].flatMap((path) =>
        slugs.map((slug) => [slug, path]),
      );
      const answers = await Promise.all(asked.map(([slug = '', path = '']) => ask(server, slug, path)));
      expect(answers).toEqual(asked.map(([slug]) => ({ of: slug })));
    });

    it('K2: wrap merges the callers of one tenant, and of no other', async () => {
      const slugs = Array.from({ length: 20 }, (_, turn) => (turn % 2 === 0 ? 'acme' : 'globex'));
      const answers = await Promise.all(slugs.map((slug) => ask(server, slug, '/wrapped?key=merged')));
      expect(answers).toEqual(slugs.map((of) => ({ of })));
      expect(calls.toSorted()).toEqual(['wrapped acme', 'wrapped globex']);
    });

    it("K3: clear empties the tenant's own", async () => {
      for (const slug of ['acme', 'globex']) await ask(server, slug, '/jobs');
      await ask(server, 'acme', '/cleared');
      for (const slug of ['acme', 'globex']) await ask(server, slug, '/jobs');
      expect(calls).toEqual(['jobs acme', 'jobs globex', 'jobs acme']);
    });
  });
});
