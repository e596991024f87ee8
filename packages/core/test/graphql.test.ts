import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import {
  type CanActivate,
  type ExecutionContext,
  Injectable,
  Logger,
  type MiddlewareConsumer,
  Module,
  type NestModule,
  UseGuards,
} from '@nestjs/common';
import { Args, Field, GraphQLModule, Mutation, ObjectType, Query, ResolveField, Resolver } from '@nestjs/graphql';
import { MercuriusDriver, type MercuriusDriverConfig } from '@nestjs/mercurius';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  fromRequest,
  fromSubdomain,
  TenancyModule,
  TenantContext,
  type TenantRequest,
  type TenantSource,
  Untenanted,
} from '../src/index.js';
import { type AdapterName, acme, call, globex, type Server, serve, testRegistry } from './server.js';

const context = new TenantContext();
const seen = () => (context.isActive() ? context.tenantId : 'none');
const pause = () => new Promise((resolve) => setTimeout(resolve, Math.random() * 4));

@ObjectType()
class Company {
  @Field(() => String) id!: string;
  @Field(() => String) inside!: string;
}

/** The request that a guard of the application's own sees, and the user it finds. */
@Injectable()
class UserGuard implements CanActivate {
  canActivate(host: ExecutionContext) {
    const { req } = host.getArgByIndex<{ req: { headers: Record<string, string>; user?: unknown } }>(2);
    if (req.headers['x-user']) req.user = { tenantId: req.headers['x-user'] };
    return true;
  }
}

@Resolver(() => Company)
class CompanyResolver {
  @Query(() => String)
  async who() {
    await pause();
    return context.tenantId;
  }

  @Query(() => String)
  unasking() {
    return 'ran';
  }

  @Untenanted()
  @Query(() => String)
  async health() {
    await pause();
    return seen();
  }

  @Untenanted()
  @Query(() => String)
  careless() {
    return context.tenantId;
  }

  @Query(() => String)
  switching() {
    return context.run(globex, seen);
  }

  @UseGuards(UserGuard)
  @Query(() => String)
  async me() {
    return context.tenantId;
  }

  @Untenanted()
  @Mutation(() => Company)
  @Reflect.metadata('design:paramtypes', [String])
  async signUp(@Args('id', { type: () => String }) id: string) {
    return context.run({ id, slug: id }, async () => {
      await pause();
      return { id: seen() };
    });
  }

  @Mutation(() => String)
  async rename() {
    await pause();
    return context.tenantId;
  }

  @ResolveField(() => String)
  inside() {
    return seen();
  }
}

const failing: TenantSource = {
  name: 'internal-sso',
  identify: ({ headers }) => {
    if (headers['x-break']) throw new Error('the directory at 10.0.0.7 is down');
    return null;
  },
};

const drivers: [string, AdapterName, () => ReturnType<typeof GraphQLModule.forRoot>][] = [
  [
    'Apollo',
    'express',
    () => GraphQLModule.forRoot<ApolloDriverConfig>({ driver: ApolloDriver, autoSchemaFile: true, graphiql: false }),
  ],
  [
    'Mercurius',
    'fastify',
    () => GraphQLModule.forRoot<MercuriusDriverConfig>({ driver: MercuriusDriver, autoSchemaFile: true }),
  ],
];

/** Middleware that keeps a session, in little. */
@Module({})
class SessionModule implements NestModule {
  configure(consumer: MiddlewareConsumer) {
    const read = (request: { headers: Record<string, string>; session?: unknown }, _: unknown, next: () => void) => {
      request.session = { tenantId: request.headers['x-session'] };
      next();
    };
    consumer.apply(read).forRoutes('*path');
  }
}

const ofNode = (request: TenantRequest) =>
  ((request.raw ?? request) as { session?: { tenantId?: string } }).session?.tenantId;

const log = vi.spyOn(Logger.prototype, 'error').mockImplementation(() => {});
const logged = () => log.mock.calls.map(([line]) => String(line));

describe.each(drivers)('GraphQL on %s', (_, adapter, graphql) => {
  let server: Server;

  const start = (...sources: TenantSource[]) =>
    serve(adapter, {
      providers: [CompanyResolver],
      imports: [
        SessionModule,
        graphql(),
        TenancyModule.forRoot({
          registry: testRegistry(),
          sources: [fromSubdomain({ baseDomain: 'localhost' }), failing, ...sources],
        }),
      ],
    });

  beforeAll(async () => {
    server = await start();
  });
  afterAll(() => server.close());
  afterEach(() => log.mockClear());

  interface Answer {
    readonly data: Record<string, unknown> | null;
    readonly errors?: readonly { readonly message: string; readonly extensions?: Record<string, unknown> }[];
  }
  const ask = async (at: string, query: string, headers = {}, to = server) => {
    const { body, text } = await call(to, `${at}localhost`, '/graphql', { body: { query }, headers });
    const { data, errors = [] } = body as unknown as Answer;
    return { data, errors: errors.map(({ message, extensions }) => ({ message, code: extensions?.['code'] })), text };
  };

  it("core-5: an untenanted field has no tenant at a tenant's host, and the fields beside it keep theirs", async () => {
    const { data } = await ask('acme.', '{ a: who b: health c: who d: health e: who }');
    expect(data).toEqual({ a: 't_acme', b: 'none', c: 't_acme', d: 'none', e: 't_acme' });
    expect((await ask('', '{ health }')).data).toEqual({ health: 'none' });
  });

  it('core-5: an untenanted mutation may enter a tenant, wherever it is asked', async () => {
    for (const at of ['', 'nobody.', 'acme.', 'globex.']) {
      const { data } = await ask(at, 'mutation { signUp(id: "t_new") { id } }');
      expect([at, data]).toEqual([at, { signUp: { id: 't_new' } }]);
    }
    const { data } = await ask('acme.', 'mutation { a: rename b: signUp(id: "t_new") { id inside } c: rename }');
    expect(data).toEqual({ a: 't_acme', b: { id: 't_new', inside: 't_acme' }, c: 't_acme' });
  });

  it("interleaved with another tenant's, each field has its own or none", async () => {
    const asked = Array.from({ length: 40 }, (_unused, i) => (i % 2 ? acme : globex));
    const answers = await Promise.all(
      asked.map(({ slug }) => ask(`${slug}.`, '{ a: health b: who c: health d: who }')),
    );
    expect(answers.map(({ data }) => data)).toEqual(asked.map(({ id }) => ({ a: 'none', b: id, c: 'none', d: id })));
  });

  it.each<[string, string, string, Record<string, string>]>([
    ['tenant_required', '', '{ who }', {}],
    ['tenant_required', 'nobody.', '{ unasking }', {}],
    ['tenant_inactive', 'closed.', '{ who }', {}],
    ['tenant_source_failed', 'acme.', '{ who }', { 'x-break': '1' }],
    ['tenant_context_missing', 'acme.', '{ careless }', {}],
    ['tenant_switch_refused', 'acme.', '{ switching }', {}],
  ])('core-6: the client gets the code %s and nothing more', async (code, at, query, headers) => {
    for (const environment of ['production', 'development']) {
      vi.stubEnv('NODE_ENV', environment);
      const own = await start();
      vi.unstubAllEnvs();
      log.mockClear();
      const { errors, text } = await ask(at, query, headers, own);
      expect(errors).toEqual([{ message: code, code }]);
      expect(text).not.toMatch(/sso|threw|the source|10\.0\.0\.7|context of|Run it|\.ts|\.js/);
      const own5xx = !/required|inactive/.test(code);
      expect(logged()).toEqual(
        own5xx ? [expect.stringMatching(new RegExp(`CompanyResolver\\.\\w+: .+${code}: `, 's'))] : [],
      );
      if (code === 'tenant_source_failed') expect(logged()[0]).toMatch(/"internal-sso" threw.+\[cause\].+10\.0\.0\.7/s);
      await own.close();
    }
  });

  it('core-7: a late source is asked for an operation as for a request', async () => {
    const own = await start(
      fromRequest(ofNode, { after: 'middleware' }),
      fromRequest((request) => request.user?.tenantId, { after: 'guards' }),
    );
    const codes = async (at: string, query: string, headers = {}) => {
      const { data, errors } = await ask(at, query, headers, own);
      return errors.length > 0 ? errors.map(({ code }) => code) : data;
    };
    const session = (id: string) => ({ 'x-session': id });
    expect(await codes('acme.', '{ who }', session('t_acme'))).toEqual({ who: 't_acme' });
    expect(await codes('', '{ a: who health b: who }', session('t_globex'))).toEqual({
      a: 't_globex',
      health: 'none',
      b: 't_globex',
    });
    expect(await codes('acme.', '{ who }', session('t_globex'))).toEqual(['tenant_mismatch']);
    expect(await codes('', '{ unasking }')).toEqual(['tenant_required']);
    const user = (id: string) => ({ 'x-user': id });
    expect(await codes('', '{ me }', user('t_acme'))).toEqual({ me: 't_acme' });
    expect(await codes('acme.', '{ me }', user('t_globex'))).toEqual(['tenant_mismatch']);
    expect(await codes('globex.', '{ me }', { ...session('t_globex'), ...user('t_acme') })).toEqual([
      'tenant_mismatch',
    ]);
    expect(await codes('acme.', '{ health }', session('t_globex'))).toEqual({ health: 'none' });
    const asked = Array.from({ length: 40 }, (_unused, i) => [acme, globex][i % 2] as typeof acme);
    const answers = await Promise.all(asked.map(({ id }, i) => codes('', '{ me }', i % 3 ? user(id) : session(id))));
    expect(answers).toEqual(asked.map(({ id }) => ({ me: id })));
    await own.close();
  });
});

describe('core-6: GraphQL on Apollo, where no resolver has thrown', () => {
  it.each([
    ['the function that makes the context', { context: () => ({ tenant: context.current() }) }, '{ unasking }'],
    ['a field of what a resolver returned', {}, '{ lazy { id } }'],
  ])(
    "%s: the client gets the code and nothing more, and an application's own formatError the last word",
    async (_, options, query) => {
      @Resolver()
      class LazyResolver {
        @Untenanted()
        @Query(() => Company)
        lazy() {
          return {
            get id() {
              return context.tenantId;
            },
          };
        }
        @Query(() => String)
        unasking() {
          return 'ran';
        }
      }
      const formatted: unknown[] = [];
      const server = await serve('express', {
        providers: [LazyResolver],
        imports: [
          GraphQLModule.forRoot<ApolloDriverConfig>({
            driver: ApolloDriver,
            autoSchemaFile: true,
            graphiql: false,
            includeStacktraceInErrorResponses: true,
            formatError: (error) => {
              formatted.push(error.message);
              return error;
            },
            ...options,
          }),
          TenancyModule.forRoot({ registry: testRegistry(), sources: [fromSubdomain({ baseDomain: 'localhost' })] }),
        ],
      });
      const { body, text } = await call(server, 'localhost', '/graphql', { body: { query } });
      const [error] = body['errors'] as { message: string; extensions: unknown }[];
      expect(error).toMatchObject({ message: 'tenant_required', extensions: { code: 'tenant_required' } });
      expect(text).not.toMatch(/no source|at .+\.ts/);
      expect(formatted).toEqual(['tenant_required']);
      await server.close();
    },
  );
});

describe('core-6: GraphQL on Mercurius, where no resolver has thrown', () => {
  const scopeError = () =>
    Object.assign(new Error('tenant_conflict: the row names another tenant. Leave it out.'), {
      [Symbol.for('@tenancy/typeorm:scope-error')]: true,
      code: 'tenant_conflict',
    });
  const getter = (read: () => unknown) => Object.defineProperty({}, 'id', { get: read });

  @Resolver()
  class LazyResolver {
    @Untenanted()
    @Query(() => Company)
    lazy() {
      return getter(() => context.run(globex, seen));
    }
    @Query(() => Company)
    conflicting() {
      return getter(() => {
        throw scopeError();
      });
    }
    @Query(() => Company)
    own() {
      return getter(() => {
        throw Object.assign(new Error("the application's own words"), { extensions: { code: 'OWN' } });
      });
    }
    @Query(() => String)
    unasking() {
      return 'ran';
    }
  }
  const start = (options: object = {}) =>
    serve('fastify', {
      providers: [LazyResolver],
      imports: [
        GraphQLModule.forRoot<MercuriusDriverConfig>({ driver: MercuriusDriver, autoSchemaFile: true, ...options }),
        TenancyModule.forRoot({ registry: testRegistry(), sources: [fromSubdomain({ baseDomain: 'localhost' })] }),
      ],
    });
  const ask = async (server: Server, at: string, query: unknown) => {
    const { body, text, status } = await call(server, `${at}localhost`, '/graphql', { body: query as object });
    return { body, text, status };
  };
  afterEach(() => log.mockClear());

  it('the client gets the code and nothing more, and the log the cause, once', async () => {
    const server = await start();
    for (const [at, field, code, explained] of [
      ['acme.', 'lazy', 'tenant_switch_refused', ''],
      ['acme.', 'conflicting', 'tenant_conflict', 'the row names another tenant'],
    ] as const) {
      log.mockClear();
      const { body, text } = await ask(server, at, { query: `{ ${field} { id } }` });
      expect(body).toEqual({
        data: null,
        errors: [
          {
            message: code,
            extensions: { code },
            path: [field, 'id'],
            locations: [expect.objectContaining({ line: 1 })],
          },
        ],
      });
      expect(text).not.toMatch(/another tenant|outside|Run it|\.ts|\.js/);
      expect(logged()).toEqual([expect.stringContaining(`${code}: ${explained}`)]);
    }
    await server.close();
  });

  it('everything else is answered as Mercurius does', async () => {
    const asked = [
      { query: '{ own { id } }' },
      { query: '{ nothing }' },
      { query: '{' },
      { query: '{ a: own { id } unasking }' },
      { nonsense: true },
    ];
    const ours = await start();
    const answers = [];
    for (const query of asked) answers.push(await ask(ours, 'acme.', query));
    await ours.close();
    const without = await serve('fastify', {
      providers: [LazyResolver],
      imports: [GraphQLModule.forRoot<MercuriusDriverConfig>({ driver: MercuriusDriver, autoSchemaFile: true })],
    });
    for (const [i, query] of asked.entries()) {
      const { text, status } = await ask(without, 'acme.', query);
      expect([query, answers[i]?.status, answers[i]?.text]).toEqual([query, status, text]);
    }
    await without.close();
  });

  it("an application's own errorFormatter has the last word, and is told no more than the client", async () => {
    const formatted: unknown[] = [];
    const server = await start({
      errorFormatter: (execution: { errors: { message: string; originalError: Error; toJSON(): object }[] }) => {
        formatted.push(...execution.errors.map(({ message, originalError }) => [message, originalError.message]));
        return { statusCode: 418, response: { data: null, errors: execution.errors.map((error) => error.toJSON()) } };
      },
    });
    const { body, status } = await ask(server, 'acme.', { query: '{ conflicting { id } }' });
    expect(formatted).toEqual([['tenant_conflict', 'tenant_conflict']]);
    expect([status, body['errors']]).toEqual([418, [expect.objectContaining({ message: 'tenant_conflict' })]]);
    await server.close();
  });

  it('the function that makes the context: the client gets the code and nothing more', async () => {
    const server = await start({
      context: () => ({ tenant: seen() === 't_globex' ? context.run(acme, seen) : context.current() }),
    });
    expect((await ask(server, 'acme.', { query: '{ unasking }' })).body).toEqual({ data: { unasking: 'ran' } });
    for (const [at, status, code] of [
      ['', 401, 'tenant_required'],
      ['globex.', 500, 'tenant_switch_refused'],
    ] as const) {
      log.mockClear();
      const answer = await ask(server, at, { query: '{ unasking }' });
      expect([answer.status, answer.body['message']]).toEqual([status, code]);
      expect(answer.text).not.toMatch(/no source|inside|\.ts|\.js/);
      expect(logged()).toEqual(status === 500 ? [expect.stringContaining(`${code}: `)] : []);
    }
    await server.close();
  });
});

it('core-6: an error of another package of the family is its code alone to the client, too', async () => {
  const scopeError = (message: string) =>
    Object.assign(new Error(message), { [Symbol.for('@tenancy/typeorm:scope-error')]: true, code: 'tenant_conflict' });
  @Resolver()
  class ScopedResolver {
    @Query(() => String)
    conflicting(): string {
      throw scopeError('tenant_conflict: the row names another tenant. Leave it out.');
    }
    @Query(() => String)
    failing(): string {
      throw new Error("the application's own words");
    }
  }
  const server = await serve('express', {
    providers: [ScopedResolver],
    imports: [
      GraphQLModule.forRoot<ApolloDriverConfig>({ driver: ApolloDriver, autoSchemaFile: true, graphiql: false }),
      TenancyModule.forRoot({ registry: testRegistry(), sources: [fromSubdomain({ baseDomain: 'localhost' })] }),
    ],
  });
  const ask = async (query: string) => {
    const { body, text } = await call(server, 'acme.localhost', '/graphql', { body: { query } });
    return { error: (body['errors'] as { message: string; extensions: object }[])[0], text };
  };
  const { error, text } = await ask('{ conflicting }');
  expect(error).toMatchObject({ message: 'tenant_conflict', extensions: { code: 'tenant_conflict' } });
  expect(text).not.toMatch(/another tenant|\.ts/);
  expect((await ask('{ failing }')).error).toMatchObject({ message: "the application's own words" });
  await server.close();
});
