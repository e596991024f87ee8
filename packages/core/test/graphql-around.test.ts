import { EventEmitter, on, once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import {
  Field,
  type FieldMiddleware,
  GraphQLModule,
  ObjectType,
  Query,
  ResolveField,
  Resolver,
  Subscription,
} from '@nestjs/graphql';
import { MercuriusDriver, type MercuriusDriverConfig } from '@nestjs/mercurius';
import { afterEach, describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import {
  fromRequest,
  fromSubdomain,
  TenancyModule,
  TenantContext,
  type TenantRequest,
  Untenanted,
} from '../src/index.js';
import { acme, call, globex, type Server, serve, testRegistry } from './server.js';

const context = new TenantContext();
const seen = () => (context.isActive() ? context.tenantId : 'none');
const seenBy: { where: string; tenant: string }[] = [];
const note = (where: string) => seenBy.push({ where, tenant: seen() });

/** A connection that several requests share: whoever asks next calls back who asked before. */
let asked: (() => void) | undefined;
const sharedCallback = (callback: () => void) => {
  const before = asked;
  asked = callback;
  before?.();
  setTimeout(() => {
    if (asked !== callback) return;
    asked = undefined;
    callback();
  }, 20);
};

const middleware: FieldMiddleware = async (field, next) => {
  await sleep(Math.random() * 3);
  note(`middleware of ${field?.info?.fieldName}`);
  return next();
};

@ObjectType()
class Job {
  @Field(() => String, { middleware: [middleware] }) id!: string;
  @Field(() => String) name!: string;
}

/** Of one test: what is subscribed to it hears nothing of the next. */
let bus = new EventEmitter();
async function* events() {
  for await (const [value] of on(bus, 'closed')) yield value as { id: string };
}
const options = {
  filter: ({ id }: { id: string }) => {
    note('filter');
    return id !== "nobody's";
  },
  resolve: ({ id }: { id: string }) => {
    note('resolve');
    return `${id} for ${seen()}`;
  },
};

@Resolver(() => Job)
class JobResolver {
  @Query(() => Job)
  async job() {
    await sleep(Math.random() * 3);
    return { id: context.tenantId };
  }

  @Untenanted()
  @Query(() => Job)
  open() {
    return { id: seen() };
  }

  @ResolveField(() => String, { middleware: [middleware] })
  name() {
    note('name');
    return context.tenantId;
  }

  @Subscription(() => String, options)
  closed() {
    note('subscription');
    return events();
  }

  @Untenanted()
  @Subscription(() => String, options)
  anyClosed() {
    note('subscription');
    return events();
  }

  @Untenanted()
  @Subscription(() => String, { resolve: (value: string) => `${value}, resolved for ${seen()}` })
  async *anyMade() {
    yield `made for ${seen()}`;
  }

  @Subscription(() => String, { resolve: (value: string) => `${value}, resolved for ${seen()}` })
  async *made() {
    yield `made for ${seen()}`;
  }
}

const drivers = {
  Apollo: [
    'express',
    (more: object) =>
      GraphQLModule.forRoot<ApolloDriverConfig>({
        ...{ driver: ApolloDriver, autoSchemaFile: true, graphiql: false, subscriptions: { 'graphql-ws': true } },
        ...more,
      }),
  ],
  Mercurius: [
    'fastify',
    (more: object) =>
      GraphQLModule.forRoot<MercuriusDriverConfig>({
        ...{ driver: MercuriusDriver, autoSchemaFile: true, subscription: true },
        ...more,
      }),
  ],
} as const;

const session = fromRequest(
  (request) => ((request.raw ?? request) as TenantRequest).headers['x-session'] as string | undefined,
  { after: 'middleware', name: 'session' },
);

describe.each(Object.keys(drivers) as (keyof typeof drivers)[])(
  'what GraphQL runs without a resolver on %s',
  (driver) => {
    const [adapter, graphql] = drivers[driver];
    let server: Server;
    afterEach(async () => {
      await server.close();
      seenBy.length = 0;
    });
    const start = async (more: object, ...late: (typeof session)[]) => {
      server = await serve(adapter, {
        providers: [JobResolver],
        imports: [
          graphql(more),
          TenancyModule.forRoot({
            registry: testRegistry(),
            sources: [fromSubdomain({ baseDomain: 'localhost' }), ...late],
          }),
        ],
      });
    };
    const ask = async (at: string, query: string, headers = {}) =>
      (await call(server, `${at}localhost`, '/graphql', { body: { query }, headers })).body as {
        data: unknown;
        errors?: { extensions: { code: string } }[];
      };
    const interleaved = async (query: string, answerOf: (id: string) => unknown) => {
      const tenants = Array.from({ length: 30 }, (_, i) => (i % 2 ? acme : globex));
      const answers = await Promise.all(tenants.map(({ slug }) => ask(`${slug}.`, query)));
      expect(answers).toEqual(tenants.map(({ id }) => ({ data: answerOf(id) })));
    };

    it.each<[string, () => Promise<object> | object]>([
      ['at once', () => ({ made: seen() })],
      ['later', () => sleep(Math.random() * 5).then(() => ({ made: seen() }))],
      [
        'from a callback of a shared connection',
        async () => {
          await new Promise<void>(sharedCallback);
          return { made: seen() };
        },
      ],
      [
        'by a thenable that calls back from one',
        () => ({
          // biome-ignore lint/suspicious/noThenProperty: it is what is tried.
          then: (resolve: (made: object) => void) => sharedCallback(() => resolve({})),
        }),
      ],
    ])('core-2: a context function that answers %s: each resolver behind it has its own', async (_, make) => {
      const made: unknown[] = [];
      await start({
        context: async (...about: [{ req?: TenantRequest } & TenantRequest]) => {
          const value = (await make()) as { made?: string };
          const { req = about[0] } = about[0];
          made.push([value.made ?? seen(), `t_${String(req.headers['host']).split('.')[0]}`]);
          return { ...value, req };
        },
      });
      await interleaved('{ job { id name } }', (id) => ({ job: { id, name: id } }));
      expect(made).toHaveLength(30);
      for (const [tenant, own] of made as [string, string][]) expect(tenant).toBe(own);
    });

    it("core-2: field middleware runs as the request's tenant", async () => {
      await start({});
      await interleaved('{ job { id name } }', (id) => ({ job: { id, name: id } }));
      expect(new Set(seenBy.map(({ where }) => where))).toEqual(
        new Set(['middleware of id', 'middleware of name', 'name']),
      );
      expect(seenBy.filter(({ tenant }) => tenant === 'none')).toEqual([]);
    });

    it('core-7: field middleware runs as the entrance sees the request, before a field is refused', async () => {
      await start({}, session);
      const { data, errors } = await ask('acme.', '{ open { name } }', { 'x-session': 't_globex' });
      expect([data, errors?.map(({ extensions }) => extensions.code)]).toEqual([null, ['tenant_mismatch']]);
      expect(seenBy).toEqual([{ where: 'middleware of name', tenant: 't_acme' }]);
    });

    /** Messages that come over a WebSocket for `query`: `until` that many, the acknowledgement counted. */
    const subscribe = async (at: string, query: string, headers = {}) => {
      const socket = new WebSocket(`ws://127.0.0.1:${server.port}/graphql`, 'graphql-transport-ws', {
        headers: { host: `${at}localhost`, ...headers },
      });
      const told: { type: string; payload?: unknown }[] = [];
      socket.on('message', (message) => told.push(JSON.parse(String(message))));
      const until = async (count: number) => {
        while (told.length < count) await once(socket, 'message');
        return told.slice(1);
      };
      await once(socket, 'open');
      socket.send(JSON.stringify({ type: 'connection_init' }));
      await until(1);
      socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query } }));
      return { until, close: () => socket.close() };
    };
    const subscribed = async (count: number) => {
      while (bus.listenerCount('closed') < count) await sleep(5);
    };
    const publish = () => ask('globex.', '{ job { id } }').then(() => bus.emit('closed', { id: 'job_1' }));

    it('an untenanted subscription: what it yields, filters and resolves has no tenant, whatever the socket has', async () => {
      await start({});
      const socket = await subscribe('acme.', 'subscription { anyClosed }');
      await subscribed(1);
      await publish();
      expect(await socket.until(2)).toEqual([
        expect.objectContaining({ type: 'next', payload: { data: { anyClosed: 'job_1 for none' } } }),
      ]);
      expect(seenBy.filter(({ where }) => !where.startsWith('middleware'))).toEqual(
        ['subscription', 'filter', 'resolve'].map((where) => ({ where, tenant: 'none' })),
      );
      socket.close();
      bus = new EventEmitter();
      const made = await subscribe('acme.', 'subscription { anyMade }');
      expect((await made.until(3))[0]).toMatchObject({
        payload: { data: { anyMade: 'made for none, resolved for none' } },
      });
      made.close();
    });

    if (driver === 'Apollo') {
      it.each(['middleware', 'guards'] as const)(
        'sources after %s, and a request that came through no entrance: nothing runs',
        async (after) => {
          const late = fromRequest(({ headers }: TenantRequest) => headers['x-session'] as string | undefined, {
            after,
          });
          const context = ({ extra, req }: { extra?: { request: object }; req?: object }) => ({
            req: extra?.request ?? req,
          });
          await start({ context }, late);
          for (const query of ['{ job { id } }', 'subscription { made }', 'subscription { closed }']) {
            const socket = await subscribe('acme.', query, { 'x-session': 't_acme' });
            expect(JSON.stringify(await socket.until(2))).toContain('"extensions":{"code":"tenant_required"}');
            socket.close();
          }
          expect(seenBy).toEqual([]);
        },
      );

      it('a subscription over a WebSocket is refused: it came through no entrance', async () => {
        await start({});
        const socket = await subscribe('acme.', 'subscription { closed }');
        expect(JSON.stringify(await socket.until(2))).toContain('"extensions":{"code":"tenant_required"}');
        expect(seenBy).toEqual([]);
        socket.close();
      });
      return;
    }

    it('core-2: a subscription of Mercurius runs as the tenant of its socket, whoever publishes', async () => {
      await start({});
      const sockets = await Promise.all(
        ['acme.', 'globex.', 'acme.', 'globex.'].map((at) => subscribe(at, 'subscription { closed }')),
      );
      await subscribed(4);
      await Promise.all([publish(), publish(), publish()]);
      for (const [i, socket] of sockets.entries()) {
        const closed = `job_1 for ${i % 2 ? 't_globex' : 't_acme'}`;
        expect(await socket.until(4)).toEqual(
          [1, 2, 3].map(() => expect.objectContaining({ type: 'next', payload: { data: { closed } } })),
        );
        socket.close();
      }
      const filtered = seenBy.filter(({ where }) => where === 'filter').map(({ tenant }) => tenant);
      expect(filtered.toSorted()).toEqual([...Array(6).fill('t_acme'), ...Array(6).fill('t_globex')]);
      const made = await subscribe('acme.', 'subscription { made }');
      expect((await made.until(3))[0]).toMatchObject({
        payload: { data: { made: 'made for t_acme, resolved for t_acme' } },
      });
      made.close();
      const nobody = await subscribe('', 'subscription { closed }');
      expect(JSON.stringify(await nobody.until(2))).toContain('"extensions":{"code":"tenant_required"}');
      nobody.close();
      await subscribed(0);
    });

    it.each([
      ['middleware', true],
      ['guards', true],
      ['middleware', { context: () => ({ anything: 1 }) }],
      ['guards', { context: (_: unknown, { headers }: TenantRequest) => ({ req: { headers } }) }],
      ['middleware', { fullWsTransport: true }],
    ] as const)(
      'sources after %s are asked of the request that a socket of Mercurius began with (%j)',
      async (after, subscription) => {
        const late = fromRequest(({ headers }: TenantRequest) => headers['x-session'] as string | undefined, { after });
        await start({ subscription }, late);
        const first = async (at: string, query: string, headers = {}) => {
          const socket = await subscribe(at, query, headers);
          const [answer] = await socket.until(2);
          socket.close();
          return JSON.stringify(answer?.payload);
        };
        for (const [at, headers, code] of [
          ['acme.', { 'x-session': 't_globex' }, 'tenant_mismatch'],
          ['acme.', { 'x-session': 'nobody' }, 'tenant_mismatch'],
          ['', {}, 'tenant_required'],
        ] as const) {
          expect(await first(at, 'subscription { closed }', headers)).toContain(`"code":"${code}"`);
          expect(await first(at, 'subscription { made }', headers)).toContain(`"code":"${code}"`);
          expect(await first(at, 'subscription { anyMade }', headers)).toContain('made for none, resolved for none');
        }
        expect(seenBy).toEqual([]);
        expect(await first('acme.', 'subscription { made }')).toContain('made for t_acme, resolved for t_acme');
        for (const at of ['acme.', ''] as const) {
          const headers = { 'x-session': 't_acme' };
          expect(await first(at, 'subscription { made }', headers)).toContain('made for t_acme, resolved for t_acme');
          const socket = await subscribe(at, 'subscription { closed }', headers);
          await subscribed(1);
          await publish();
          expect(await socket.until(2)).toMatchObject([{ payload: { data: { closed: 'job_1 for t_acme' } } }]);
          socket.close();
          await subscribed(0);
        }
        if (subscription === true || !('fullWsTransport' in subscription)) return;
        expect(await first('acme.', '{ job { id } }', { 'x-session': 't_globex' })).toContain(
          '"code":"tenant_mismatch"',
        );
        expect(await first('', '{ job { id } }', { 'x-session': 't_globex' })).toContain('"id":"t_globex"');
      },
    );
  },
);
