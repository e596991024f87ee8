import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import axios from 'axios';
import {
  Agent,
  BalancedPool,
  Client,
  Dispatcher,
  EnvHttpProxyAgent,
  interceptors,
  MockAgent,
  Pool,
  ProxyAgent,
  RetryAgent,
  request,
} from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TenantHttpModule, tenantAxios, tenantDispatcher, tenantFetch, untenantedCall } from '../../src/http.js';
import { TenantContext } from '../../src/index.js';
import { billing, type Service, secret, stranger, tenants } from './services.js';

const context = new TenantContext();
const [acme, globex] = tenants as [(typeof tenants)[0], (typeof tenants)[0]];
let named: Service;
let other: Service;
beforeAll(async () => {
  [named, other] = await Promise.all([billing(), stranger()]);
});
afterAll(() => Promise.all([named.close(), other.close()]));

describe('tenantFetch', () => {
  const away = (status: number, to = `${other.origin}/`) =>
    `${named.origin}/away?status=${status}&to=${encodeURIComponent(to)}`;
  const fetched = (url: string, init: RequestInit = {}) =>
    context.run(acme, () => tenantFetch({ hosts: [named.origin], secret })(url, init));

  it('follows redirects as fetch does', async () => {
    const response = await fetched(away(302));
    expect([response.redirected, response.url]).toEqual([true, `${other.origin}/`]);
    const manual = await fetched(away(302), { redirect: 'manual' });
    expect([manual.status, manual.headers.get('location')]).toEqual([302, `${other.origin}/`]);
    await expect(fetched(away(302), { redirect: 'error' })).rejects.toThrow(TypeError);
    await expect(fetched(away(302, 'file:///etc/passwd'))).rejects.toThrow(TypeError);
    const failed = async (to: string) => {
      const error = await fetched(away(302, to)).catch((reason: unknown) => reason as Error);
      return [error.constructor, (error as Error).message, String((error as Error).cause)];
    };
    expect(await failed('?status=302&to=')).toEqual([TypeError, 'fetch failed', 'Error: redirect count exceeded']);
    expect(await failed('http://[bad')).toEqual([TypeError, 'fetch failed', expect.stringContaining('no address')]);
    expect(await failed('http://u:secret@127.0.0.1/')).toEqual([
      TypeError,
      'fetch failed',
      expect.not.stringContaining('u:secret'),
    ]);
  });

  it('sends credentials on to no other host', async () => {
    other.seen.length = 0;
    await fetched(away(302), { headers: { authorization: 'Bearer x', cookie: 'a=1', 'x-trace': '7' } });
    expect(other.seen[0]).toMatchObject({ 'x-trace': '7' });
    expect(other.seen[0]?.authorization ?? other.seen[0]?.cookie).toBeUndefined();
  });
});

describe('tenantDispatcher', () => {
  it('core-11: what a connection calls back runs as whoever asked, interleaved', async () => {
    const dispatcher = tenantDispatcher(new Agent({ connections: 1, pipelining: 10 }), {
      hosts: [named.origin],
      secret,
    });
    const seen = await Promise.all(
      Array.from({ length: 5 }, () => tenants)
        .flat()
        .map(
          (tenant) =>
            new Promise<boolean>((resolve, reject) => {
              const told: string[] = [];
              const note = () => void told.push(context.isActive() ? context.tenantId : 'nobody');
              const handler = {
                onRequestStart: note,
                onResponseStart: note,
                onResponseData: note,
                onResponseEnd: () => {
                  note();
                  resolve(told.length > 3 && told.every((id) => id === tenant.id));
                },
                onResponseError: (_: unknown, error: Error) => reject(error),
              };
              context.run(tenant, () =>
                dispatcher.dispatch({ origin: named.origin, path: '/who', method: 'GET' }, handler),
              );
            }),
        ),
    );
    expect(seen.every(Boolean)).toBe(true);
    await dispatcher.close();
  });

  it.each([
    ['an object', { 'X-Signed-Tenant': 'forged', 'x-a': '1' }],
    ['names and values in turn', ['x-signed-tenant', 'forged', 'x-a', '1', 'X-SIGNED-TENANT', 'forged']],
    [
      'pairs',
      new Map([
        ['x-Signed-Tenant', 'forged'],
        ['x-a', '1'],
      ]),
    ],
    ['lists', { 'x-signed-tenant': ['forged', 'forged'], 'x-a': '1', 'x-b': ['2', '3'] }],
  ])('replaces a header that is given in %s', async (_, headers) => {
    const dispatcher = tenantDispatcher(new Agent(), { hosts: [named.origin], secret });
    const ask = (origin: string, path: string) =>
      context.run(acme, () => request(`${origin}${path}`, { dispatcher, headers: headers as never }));
    expect(await (await ask(named.origin, '/who')).body.json()).toEqual({ of: acme.slug });
    other.seen.length = 0;
    await (await ask(other.origin, '/')).body.dump();
    expect(other.seen[0]).toMatchObject({ 'x-a': '1' });
    expect(other.seen[0]).not.toHaveProperty('x-signed-tenant');
    await dispatcher.close();
  });

  it('takes no dispatcher whose redirects would carry the header anywhere', () => {
    const composed = new Agent().compose(interceptors.redirect({ maxRedirections: 2 }));
    expect(() => tenantDispatcher(composed, { hosts: [named.origin], secret })).toThrow(
      /has interceptors.*compose the/,
    );
  });

  it.each([
    ['Client', (origin: string) => new Client(origin)],
    ['Pool', (origin: string) => new Pool(origin)],
    ['BalancedPool', (origin: string) => new BalancedPool([named.origin, origin])],
  ])(
    'X5: a %s of another host is told nothing, whatever origin a request names; of a named one it is',
    async (_, open) => {
      const of = async (origin: string, told: boolean) => {
        const dispatcher = tenantDispatcher(open(origin), { hosts: [named.origin], secret });
        const ask = () => request(`${named.origin}/who`, { dispatcher });
        const answers = await Promise.all(tenants.map((tenant) => context.run(tenant, ask)));
        const bodies = await Promise.all(answers.map(({ body }) => body.text()));
        if (told) expect(bodies.map((body) => JSON.parse(body))).toEqual(tenants.map(({ slug }) => ({ of: slug })));
        await dispatcher.close();
      };
      other.seen.length = 0;
      await of(other.origin, false);
      expect(other.seen.length).toBeGreaterThan(0);
      expect(other.seen.filter((headers) => headers['x-signed-tenant'])).toEqual([]);
      await of(named.origin, true);
    },
  );

  /** A dispatcher of the application's own, which calls whom it likes. */
  class Elsewhere extends Dispatcher {
    readonly #pool = new Pool(other.origin);

    override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler) {
      return this.#pool.dispatch(options, handler);
    }
  }

  it.each([
    ['a RetryAgent over a Pool', () => new RetryAgent(new Pool(other.origin))],
    ['a RetryAgent over an Agent', () => new RetryAgent(new Agent())],
    ["a dispatcher of one's own", () => new Elsewhere()],
  ])('X5: %s is refused, as whom it calls is not known', (_, open) => {
    expect(() => tenantDispatcher(open(), { hosts: [named.origin], secret })).toThrow(
      /does not tell whom it calls.*wrap the result/,
    );
  });

  it('X5: a RetryAgent around it tells a named host with each attempt, interleaved, and no other', async () => {
    const failed = new Set<string>();
    const flaky = createServer(async ({ url = '', headers }, response) => {
      if (!failed.has(url)) {
        failed.add(url);
        return void response.writeHead(503).end();
      }
      const told = String(headers['x-signed-tenant']);
      const answer = await fetch(`${named.origin}/who`, { headers: { 'x-signed-tenant': told } });
      response.end(await answer.text());
    });
    await new Promise<void>((resolve) => flaky.listen(0, '127.0.0.1', resolve));
    const origin = `http://127.0.0.1:${(flaky.address() as AddressInfo).port}`;
    const options = { hosts: [origin], secret };
    const around = (to: string) =>
      new RetryAgent(tenantDispatcher(new Pool(to, { connections: 1 }), options), { minTimeout: 1 });
    const [own, others] = [around(origin), around(other.origin)];
    const asked = Array.from({ length: 3 }, () => tenants).flat();
    other.seen.length = 0;
    const answers = await Promise.all(
      asked.map((tenant, index) =>
        context.run(tenant, async () => {
          await (await request(`${origin}/${index}`, { dispatcher: others })).body.dump();
          return (await request(`${origin}/${index}`, { dispatcher: own })).body.json();
        }),
      ),
    );
    expect(answers).toEqual(asked.map(({ slug }) => ({ of: slug })));
    expect(failed.size).toBe(asked.length);
    expect(other.seen.filter((headers) => headers['x-signed-tenant'])).toEqual([]);
    expect(other.seen).toHaveLength(asked.length);
    await Promise.all([own.close(), others.close()]);
    flaky.close();
  });

  it('X5: through a proxy, a named host is told, and no other', async () => {
    const proxy = createServer().on('connect', ({ url = '' }, socket) => {
      const [host = '', port] = url.split(':');
      const through = connect(Number(port), host, () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        through.pipe(socket).pipe(through);
      });
      for (const end of [through, socket]) end.on('error', () => {});
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    const uri = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    for (const agent of [new ProxyAgent(uri), new EnvHttpProxyAgent({ httpProxy: uri, noProxy: '' })]) {
      const dispatcher = tenantDispatcher(agent, { hosts: [named.origin], secret });
      const ask = async (url: string) => (await request(url, { dispatcher })).body.json();
      const answers = await Promise.all(
        tenants.map((tenant) =>
          context.run(tenant, () => Promise.all([ask(`${named.origin}/who`), ask(`${other.origin}/`)])),
        ),
      );
      expect(answers).toEqual(tenants.map(({ slug }) => [{ of: slug }, { told: null, method: 'GET' }]));
      await dispatcher.close();
    }
    proxy.close();
  });

  it('takes the agent that stands in for hosts in tests', async () => {
    const agent = new MockAgent();
    agent.disableNetConnect();
    const told: unknown[] = [];
    for (const origin of [named.origin, other.origin]) {
      agent
        .get(origin)
        .intercept({ path: '/' })
        .reply(200, ({ headers }) => String(told.push((headers as Record<string, string>)['x-signed-tenant'])));
    }
    const dispatcher = tenantDispatcher(agent, { hosts: [named.origin], secret });
    for (const origin of [named.origin, other.origin]) {
      await (await context.run(acme, () => request(`${origin}/`, { dispatcher }))).body.dump();
    }
    expect(told).toEqual([expect.any(String), undefined]);
    await dispatcher.close();
  });

  it('asks for the origin where it cannot tell whom it calls', async () => {
    const dispatcher = tenantDispatcher(new Agent(), { hosts: [named.origin], secret });
    expect(() => dispatcher.dispatch({ path: '/', method: 'GET' }, {})).toThrow(/path without an origin/);
    await dispatcher.close();
  });
});

describe('axios', () => {
  it('C6: a request that waits for a connection is redirected as its own tenant', async () => {
    const { Agent: HttpAgent } = await import('node:http');
    const client = tenantAxios(axios.create({ httpAgent: new HttpAgent({ keepAlive: true, maxSockets: 1 }) }), {
      hosts: [named.origin],
      secret,
    });
    const asked = Array.from({ length: 4 }, () => tenants).flat();
    const answers = await Promise.all(
      asked.map((tenant) => context.run(tenant, () => client.get(`${named.origin}/away?status=302&to=/who`))),
    );
    expect(answers.map(({ data }) => data)).toEqual(asked.map(({ slug }) => ({ of: slug })));
  });

  it('an interceptor that changes the address changes who is told', async () => {
    const instance = axios.create();
    instance.interceptors.request.use((config) => ({ ...config, url: `${other.origin}/` }));
    const client = tenantAxios(instance, { hosts: [named.origin], secret });
    expect((await context.run(acme, () => client.get(`${named.origin}/who`))).data).toMatchObject({ told: null });
  });

  it('a request that is sent once more is of whoever sends it', async () => {
    const client = tenantAxios(axios.create({ baseURL: named.origin }), { hosts: [named.origin], secret });
    const first = await context.run(acme, () => client.get('/away?status=302&to=/who'));
    const again = await context.run(globex, () => client.request(first.config));
    expect([first.data, again.data]).toEqual([{ of: acme.slug }, { of: globex.slug }]);
    await expect(client.request(first.config)).rejects.toThrow(/tenant_context_missing/);
  });
});

it.each([
  [{ hosts: [], secret }, /hosts: is empty/],
  [{ hosts: ['billing.internal'], secret }, /hosts: holds "billing.internal", which is no address/],
  [{ hosts: ['https://billing.internal/v1'], secret }, /which is more than a host/],
  [{ hosts: ['https://a@billing.internal'], secret }, /which is more than a host/],
  [{ hosts: ['ftp://billing.internal'], secret }, /neither http nor https/],
  [{ hosts: ['https://*.internal'], secret }, /each host is named by itself/],
  [{ hosts: [7], secret }, /holds 7, which is no address/],
  [{ hosts: ['https://a.test'], secret: 'short' }, /secret: has 5 bytes/],
  [{ hosts: ['https://a.test'], secret: undefined }, /secret: is empty/],
  [{ hosts: ['https://a.test'], secret, header: 'a b' }, /header: is not a header name/],
  [{ host: ['https://a.test'], secret }, /host: is unknown.*`hosts`/],
])('refuses %j by name', (options, message) => {
  for (const make of [tenantFetch, TenantHttpModule.forRoot.bind(TenantHttpModule)]) {
    expect(() => make(options as never)).toThrow(message);
  }
  expect(() => tenantAxios(axios.create(), options as never)).toThrow(message);
  expect(() => tenantDispatcher(new Agent(), options as never)).toThrow(message);
});

it('wrong things are told by name', () => {
  const options = { hosts: ['https://a.test'], secret };
  expect(() => tenantFetch({ ...options, fetch: 'fetch' as never })).toThrow(/tenantFetch\.fetch/);
  expect(() => tenantAxios({} as never, options)).toThrow(/is given no axios/);
  expect(() => tenantDispatcher({} as never, options)).toThrow(/is given no dispatcher/);
  expect(() => untenantedCall('x' as never)).toThrow(/ContextVariable\.run|untenantedCall/);
});
