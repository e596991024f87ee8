import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import { type CanActivate, type ExecutionContext, Injectable, UseGuards } from '@nestjs/common';
import type { AbstractHttpAdapter } from '@nestjs/core';
import { Field, GraphQLModule, ObjectType, Query, ResolveField, Resolver } from '@nestjs/graphql';
import { MercuriusDriver, type MercuriusDriverConfig } from '@nestjs/mercurius';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { afterEach, describe, expect, it } from 'vitest';
import {
  CurrentTenant,
  fromRequest,
  fromSession,
  fromSubdomain,
  TenancyModule,
  TenantContext,
  type TenantSource,
  Untenanted,
} from '../src/index.js';
import { type AdapterName, acme, call, globex, type Server, serve, testRegistry } from './server.js';

const context = new TenantContext();
const seen = () => (context.isActive() ? context.tenantId : 'none');

type Bag = Record<string, unknown>;

/** As one of an application's own: it notes the user where its resolvers look for it. */
@Injectable()
class UserGuard implements CanActivate {
  canActivate(host: ExecutionContext) {
    const { req } = host.getArgByIndex<{ req: { headers: Record<string, string>; user?: unknown } }>(2);
    if (req.headers['x-user']) req.user = { tenantId: req.headers['x-user'] };
    return true;
  }
}

@ObjectType()
class Company {
  @Field(() => String) id!: string;
}

@Resolver(() => Company)
class CompanyResolver {
  @Query(() => String)
  who() {
    return seen();
  }

  @UseGuards(UserGuard)
  @Query(() => String)
  me() {
    return seen();
  }

  @Query(() => String)
  @Reflect.metadata('design:paramtypes', [String])
  current(@CurrentTenant('id') id: string) {
    return id;
  }

  @Untenanted()
  @Query(() => Company)
  company() {
    return { id: seen() };
  }

  @ResolveField(() => String)
  inside() {
    return seen();
  }
}

/** The request that an application's `context` function is called with, as it sees it. */
type Shape = (request: Bag & { headers: Bag; raw?: Bag; session?: unknown }) => unknown;

class OwnContext {
  constructor(readonly req: object) {}
}

const shapes: Readonly<Record<string, Shape>> = {
  'the request': (req) => ({ req }),
  'the request under another name': (request) => ({ request }),
  'what is picked from it': ({ headers, session }) => ({ req: { headers, session } }),
  'its headers alone': ({ headers }) => ({ req: { headers } }),
  'what is picked, and frozen around it': ({ headers, session }) => Object.freeze({ req: { headers, session } }),
  'an instance with what is picked': ({ headers }) => new OwnContext({ headers }),
  "Node's own request": (request) => ({ req: request.raw ?? request }),
  'a copy': (request) => ({ req: { ...request, headers: request.headers } }),
  'an object that inherits from it': (request) => ({ req: Object.create(request) }),
  'a proxy': (request) => ({ req: new Proxy(request, {}) }),
  'a wrapper around it': (request) => ({ req: { request, headers: request.headers } }),
};

const withoutHeaders: Readonly<Record<string, Shape>> = {
  'no request': () => ({ loaders: {} }),
  nothing: () => undefined,
  'null in its place': () => ({ req: null }),
};

type Graphql = (shape: Shape) => ReturnType<typeof GraphQLModule.forRoot>;

const drivers: readonly [string, AdapterName, Graphql][] = [
  [
    'Apollo',
    'express',
    (shape) =>
      GraphQLModule.forRoot<ApolloDriverConfig>({
        driver: ApolloDriver,
        autoSchemaFile: true,
        graphiql: false,
        context: ({ req }: { req: never }) => shape(req),
      }),
  ],
  [
    'Mercurius',
    'fastify',
    (shape) =>
      GraphQLModule.forRoot<MercuriusDriverConfig>({
        driver: MercuriusDriver,
        autoSchemaFile: true,
        context: (request) => shape(request as never) as never,
      }),
  ],
];

/** A session's middleware, in little: each adapter's where its own would put it. */
const keepSession = (adapter: AdapterName) => (app: Parameters<NonNullable<Parameters<typeof serve>[2]>>[0]) => {
  const keep = (request: Bag & { headers: Bag }, _: unknown, next: () => void) => {
    request['session'] = { tenantId: request.headers['x-session'] };
    next();
  };
  if (adapter === 'express') {
    app.use(keep);
    return;
  }
  const fastify = (app as NestFastifyApplication).getHttpAdapter().getInstance();
  fastify.decorateRequest('session', null as never);
  fastify.addHook('onRequest', keep as never);
};

/** A middleware that goes on from a callback of a connection that two requests share, in the second one's context. */
function losingTwo() {
  const waiting: (() => void)[] = [];
  return (request: { headers: Bag }, _: unknown, next: () => void) => {
    if (!request.headers['x-lose']) return next();
    waiting.push(next);
    if (waiting.length === 2) for (const goOn of waiting.splice(0)) goOn();
  };
}

describe.each(drivers)('GraphQL with %s', (_, adapter, graphql) => {
  let server: Server;
  afterEach(() => server.close());

  const start = async (shape: Shape, ...sources: TenantSource[]) => {
    server = await serve(
      adapter,
      {
        providers: [CompanyResolver],
        imports: [
          graphql(shape),
          TenancyModule.forRoot({
            registry: testRegistry(),
            sources: [fromSubdomain({ baseDomain: 'localhost' }), ...sources],
          }),
        ],
      },
      (app) => {
        keepSession(adapter)(app);
        const losing = losingTwo();
        if (adapter === 'express') app.use(losing);
        else (app.getHttpAdapter() as unknown as AbstractHttpAdapter).getInstance().addHook('onRequest', losing);
      },
    );
  };
  const ask = async (at: string, query: string, headers: Record<string, string> = {}) => {
    const { body } = await call(server, `${at}localhost`, '/graphql', { body: { query }, headers });
    const { data, errors } = body as { data?: Bag; errors?: readonly { message: string }[] };
    return errors?.[0]?.message ?? Object.values(data ?? {})[0];
  };
  const bothLose = (first: string, query: string) =>
    Promise.all([ask(first, query, { 'x-lose': '1' }), ask('globex.', query, { 'x-lose': '1' })]);

  const all = Object.entries({ ...shapes, ...withoutHeaders });
  const session = fromSession({ tenantId: (request) => request.session?.tenantId });

  it.each(all)('a session has its word whose context holds %s', async (_name, shape) => {
    await start(shape, session);
    expect(await ask('acme.', '{ who }', { 'x-session': 't_acme' })).toBe('t_acme');
    expect(await ask('acme.', '{ who }', { 'x-session': 't_globex' })).toBe('tenant_mismatch');
    expect(await ask('', '{ who }', { 'x-session': 't_globex' })).toBe('t_globex');
    expect(await ask('', '{ who }')).toBe('tenant_required');
    expect(await ask('acme.', '{ company { inside } }', { 'x-session': 't_globex' })).toBe('tenant_mismatch');
    const asked = Array.from({ length: 20 }, (_unused, i) => [acme, globex][i % 2] as typeof acme);
    const answers = await Promise.all(
      asked.map(({ id, slug }, i) => ask(i % 3 ? `${slug}.` : '', '{ who }', { 'x-session': id })),
    );
    expect(answers).toEqual(asked.map(({ id }) => id));
  });

  it.each(Object.entries(shapes))(
    'a user that a guard finds has its word whose context holds %s',
    async (name, shape) => {
      const noted = name === 'the request under another name' ? shapes['the request'] : undefined;
      await start(
        noted ?? shape,
        fromRequest((request) => request.user?.tenantId, { after: 'guards' }),
      );
      expect(await ask('acme.', '{ me }', { 'x-user': 't_acme' })).toBe('t_acme');
      expect(await ask('acme.', '{ me }', { 'x-user': 't_globex' })).toBe('tenant_mismatch');
      expect(await ask('', '{ me }', { 'x-user': 't_globex' })).toBe('t_globex');
      for (const query of ['{ who }', '{ me }', '{ company { inside } }'])
        expect([query, await ask('', query)]).toEqual([query, 'tenant_required']);
      const asked = Array.from({ length: 20 }, (_unused, i) => [acme, globex][i % 2] as typeof acme);
      expect(await Promise.all(asked.map(({ id }) => ask('', '{ me }', { 'x-user': id })))).toEqual(
        asked.map(({ id }) => id),
      );
    },
  );

  it.each(all)('a lost context is found out where it holds %s', async (_name, shape) => {
    await start(shape);
    expect(await ask('acme.', '{ who }')).toBe('t_acme');
    for (const query of ['{ who }', '{ current }'])
      for (const first of ['acme.', ''])
        expect([query, first, ...(await bothLose(first, query))]).toEqual([
          query,
          first,
          'tenant_context_missing',
          't_globex',
        ]);
    expect((await bothLose('acme.', '{ company { id } }')).map((company) => company as unknown)).toEqual([
      { id: 'none' },
      { id: 'none' },
    ]);
  });

  it('one object that is the context of all requests is none of another request', async () => {
    const shared = {};
    await start(() => shared, session);
    const asked = Array.from({ length: 20 }, (_unused, i) => [acme, globex][i % 2] as typeof acme);
    const answers = await Promise.all(asked.map(({ id, slug }) => ask(`${slug}.`, '{ who }', { 'x-session': id })));
    expect(answers).toEqual(asked.map(({ id }) => id));
    expect(await ask('acme.', '{ who }', { 'x-session': 't_globex' })).toBe('tenant_mismatch');
  });
});
