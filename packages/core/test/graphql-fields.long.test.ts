import { ApolloDriver, type ApolloDriverConfig, ApolloFederationDriver } from '@nestjs/apollo';
import { type CanActivate, type ExecutionContext, type ModuleMetadata, UseGuards } from '@nestjs/common';
import {
  Directive,
  Field,
  GraphQLModule,
  ObjectType,
  Parent,
  Query,
  ResolveField,
  ResolveReference,
  Resolver,
} from '@nestjs/graphql';
import { MercuriusDriver, type MercuriusDriverConfig } from '@nestjs/mercurius';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  CurrentTenant,
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
const pause = () => new Promise((resolve) => setTimeout(resolve, Math.random() * 3));

/** Finds the user, as Passport does. */
class UserGuard implements CanActivate {
  canActivate(host: ExecutionContext) {
    const args = host.getArgs();
    const { req } = [args[1], args[2]].find((value) => value?.req);
    if (req.headers['x-user']) req.user = { tenantId: req.headers['x-user'] };
    return true;
  }
}

@Directive('@key(fields: "id")')
@ObjectType()
class Job {
  @Field(() => String) id!: string;
  @Field(() => String) name!: string;
}

const ran: string[] = [];

@Resolver(() => Job)
class JobResolver {
  @Query(() => Job)
  job() {
    return { id: context.tenantId, name: 'own' };
  }

  @Untenanted()
  @Query(() => [Job])
  page() {
    return [
      { id: '1', name: 'a' },
      { id: '2', name: 'b' },
    ];
  }

  /** Of no parameter, which Nest calls in another way than the rest. */
  @ResolveField(() => String)
  async rows() {
    await pause();
    ran.push(seen());
    return context.tenantId;
  }

  @ResolveField(() => String)
  rowsOf(@Parent() { id }: Job, @CurrentTenant('id') tenant: string) {
    ran.push(seen());
    return `${id} of ${tenant}`;
  }

  @UseGuards(UserGuard)
  @ResolveField(() => String)
  signedIn() {
    ran.push(seen());
    return context.tenantId;
  }

  @Untenanted()
  @ResolveField(() => String)
  open() {
    return seen();
  }

  @ResolveReference()
  reference({ id }: { id: string }) {
    ran.push(seen());
    return { id: `${id} of ${context.tenantId}`, name: 'reference' };
  }
}

const enhancers = [undefined, ['guards'], ['interceptors'], ['guards', 'interceptors', 'filters']] as const;

const drivers = {
  Apollo: [
    'express',
    (more: object) =>
      GraphQLModule.forRoot<ApolloDriverConfig>({
        driver: ApolloDriver,
        autoSchemaFile: true,
        graphiql: false,
        ...more,
      }),
  ],
  Federation: [
    'express',
    (more: object) =>
      GraphQLModule.forRoot<ApolloDriverConfig>({
        driver: ApolloFederationDriver,
        autoSchemaFile: { federation: 2 },
        graphiql: false,
        ...more,
      }),
  ],
  Mercurius: [
    'fastify',
    (more: object) =>
      GraphQLModule.forRoot<MercuriusDriverConfig>({ driver: MercuriusDriver, autoSchemaFile: true, ...more }),
  ],
} as const;

const ofNode = (request: TenantRequest) =>
  ((request.raw ?? request) as unknown as { headers: Record<string, string> }).headers;

const cases = Object.keys(drivers).flatMap((driver) =>
  enhancers.map((each) => [driver as keyof typeof drivers, each] as const),
);

describe.each(cases)('fields of GraphQL on %s with fieldResolverEnhancers %j', (driver, fieldResolverEnhancers) => {
  let server: Server;
  const [adapter, graphql] = drivers[driver];
  const providers: ModuleMetadata['providers'] = [JobResolver];

  beforeAll(async () => {
    server = await serve(adapter, {
      providers,
      imports: [
        graphql(fieldResolverEnhancers ? { fieldResolverEnhancers } : {}),
        TenancyModule.forRoot({
          registry: testRegistry(),
          sources: [
            fromSubdomain({ baseDomain: 'localhost' }),
            // Where a session would be: what the entrance cannot know yet, and at times has to wait for.
            fromRequest((request) => ofNode(request)['x-session'], { after: 'middleware', name: 'session' }),
            fromRequest(async (request) => ofNode(request)['x-slow-session'], { after: 'middleware', name: 'slow' }),
            fromRequest((request) => request.user?.tenantId, { after: 'guards', name: 'user' }),
          ],
        }),
      ],
    });
  });
  afterAll(() => server.close());

  const ask = async (at: string, query: string, headers = {}) => {
    const { body } = await call(server, `${at}localhost`, '/graphql', { body: { query }, headers });
    const { data, errors } = body as { data: unknown; errors?: { message: string; extensions?: { code?: string } }[] };
    return errors ? errors.map(({ extensions }) => extensions?.code) : data;
  };
  const entities = (fields: string) =>
    `{ _entities(representations: [{ __typename: "Job", id: "7" }]) { ... on Job { ${fields} } } }`;
  const mismatch = ['tenant_mismatch'];

  it.each([
    ['a field of no parameter', '{ page { rows } }'],
    ['a field with parameters', '{ page { rowsOf } }'],
    ['a field with a guard of its own', '{ page { signedIn } }'],
    ['a field below a field', '{ a: page { open rows } }'],
  ])('core-7: %s below an untenanted query is refused where the sources disagree', async (_, query) => {
    for (const header of ['x-session', 'x-slow-session']) {
      ran.length = 0;
      const codes = await ask('acme.', query, { [header]: 't_globex' });
      expect(new Set(codes as string[])).toEqual(new Set(mismatch));
      expect(ran).toEqual([]);
    }
    expect(new Set((await ask('', query)) as string[])).toEqual(new Set(['tenant_required']));
    expect(ran).toEqual([]);
  });

  it('core-7: fields have their own rows where the sources agree, and from a session alone', async () => {
    const query = '{ page { rows rowsOf open } job { id rows rowsOf open } }';
    for (const [at, headers, id] of [
      ['acme.', {}, 't_acme'],
      ['acme.', { 'x-session': 't_acme' }, 't_acme'],
      ['', { 'x-session': 't_globex' }, 't_globex'],
      ['', { 'x-slow-session': 't_globex' }, 't_globex'],
      ['globex.', { 'x-slow-session': 't_globex' }, 't_globex'],
    ] as const) {
      expect([at, headers, await ask(at, query, headers)]).toEqual([
        at,
        headers,
        {
          page: ['1', '2'].map((row) => ({ rows: id, rowsOf: `${row} of ${id}`, open: 'none' })),
          job: { id, rows: id, rowsOf: `${id} of ${id}`, open: 'none' },
        },
      ]);
    }
  });

  it("core-7: interleaved with another tenant's, each field has its own", async () => {
    const asked = Array.from({ length: 30 }, (_, i) => (i % 2 ? acme : globex));
    const answers = await Promise.all(
      asked.map(({ id }, i) =>
        ask(i % 3 ? '' : id === 't_acme' ? 'acme.' : 'globex.', '{ page { rows open } }', { 'x-slow-session': id }),
      ),
    );
    expect(answers).toEqual(asked.map(({ id }) => ({ page: [1, 2].map(() => ({ rows: id, open: 'none' })) })));
  });

  it('core-7: what a guard of a field finds out counts for the field', async () => {
    const guarded = fieldResolverEnhancers?.some((each) => each === 'guards') ?? false;
    ran.length = 0;
    const answer = await ask('acme.', '{ page { signedIn } }', { 'x-user': 't_globex' });
    if (guarded) {
      expect(new Set(answer as string[])).toEqual(new Set(mismatch));
      expect(ran).toEqual([]);
    } else expect(answer).toEqual({ page: [1, 2].map(() => ({ signedIn: 't_acme' })) });
    expect(await ask('acme.', '{ page { signedIn } }', { 'x-user': 't_acme' })).toEqual({
      page: [1, 2].map(() => ({ signedIn: 't_acme' })),
    });
  });

  const inFederation = driver === 'Federation' ? it : null;
  inFederation?.(
    'core-5, core-7: a reference of a federation is called as the tenant that all sources agree on',
    async () => {
      for (const header of ['x-session', 'x-slow-session']) {
        ran.length = 0;
        expect(await ask('acme.', entities('id'), { [header]: 't_globex' })).toEqual(mismatch);
        expect(ran).toEqual([]);
        for (const at of ['', 'globex.']) {
          expect(await ask(at, entities('id rows open'), { [header]: 't_globex' })).toEqual({
            _entities: [{ id: '7 of t_globex', rows: 't_globex', open: 'none' }],
          });
        }
      }
      ran.length = 0;
      expect(await ask('', entities('id'))).toEqual(['tenant_required']);
      expect(ran).toEqual([]);
      expect(await ask('acme.', entities('id'))).toEqual({ _entities: [{ id: '7 of t_acme' }] });
    },
  );
});

it('core-7: which type a value has is asked below an untenanted query, too, and has no tenant that the sources do not agree on', async () => {
  @Resolver('Named')
  class NamedResolver {
    @Untenanted()
    @Query('named')
    named() {
      return {};
    }
    @Query('own')
    own() {
      return {};
    }
    @ResolveField()
    __resolveType() {
      return context.isActive() ? 'Own' : 'Open';
    }
  }
  const typeDefs = `
    interface Named { name: String }
    type Own implements Named { name: String }
    type Open implements Named { name: String }
    type Query { named: Named own: Named }`;
  const server = await serve('express', {
    providers: [NamedResolver],
    imports: [
      GraphQLModule.forRoot<ApolloDriverConfig>({ driver: ApolloDriver, typeDefs, graphiql: false }),
      TenancyModule.forRoot({
        registry: testRegistry(),
        sources: [
          fromSubdomain({ baseDomain: 'localhost' }),
          fromRequest((request) => ofNode(request)['x-session'], { after: 'middleware' }),
        ],
      }),
    ],
  });
  const typeOf = async (at: string, field: string, headers = {}) => {
    const body = { query: `{ is: ${field} { __typename } }` };
    const answer = await call(server, `${at}localhost`, '/graphql', { body, headers });
    return (answer.body['data'] as { is: { __typename: string } }).is.__typename;
  };
  expect(await typeOf('acme.', 'own')).toBe('Own');
  expect(await typeOf('acme.', 'own', { 'x-session': 't_acme' })).toBe('Own');
  expect(await typeOf('', 'named')).toBe('Open');
  expect(await typeOf('acme.', 'named', { 'x-session': 't_globex' })).toBe('Open');
  await server.close();
});

it('core-9: a refusal of many late fields is explained once, by the field that it is of', async () => {
  const debug = vi.fn();
  const server = await serve(
    'express',
    {
      providers: [JobResolver],
      imports: [
        drivers.Apollo[1]({}),
        TenancyModule.forRoot({
          registry: testRegistry(),
          sources: [
            fromSubdomain({ baseDomain: 'localhost' }),
            fromRequest(async (request) => ofNode(request)['x-session'], { after: 'guards', name: 'session' }),
          ],
        }),
      ],
    },
    (app) => app.useLogger({ log: () => {}, error: () => {}, warn: () => {}, debug }),
  );
  const explained = async (at: string, session?: string) => {
    debug.mockClear();
    const headers = session === undefined ? {} : { 'x-session': session };
    const { body } = await call(server, `${at}localhost`, '/graphql', {
      body: { query: '{ page { rows } }' },
      headers,
    });
    expect((body as { errors: unknown[] }).errors.length).toBeGreaterThan(0);
    await vi.waitFor(() => expect(debug).toHaveBeenCalled());
    // What else would be explained has been begun by now.
    await new Promise((resolve) => setTimeout(resolve, 20));
    return debug.mock.calls.map(([line]) => String(line)).filter((line) => line.includes('refused'));
  };
  expect(await explained('acme.', 't_globex')).toEqual([
    'JobResolver.rows refused a request with tenant_mismatch: subdomain: names the slug "acme"; session: names the id "t_globex"',
  ]);
  expect(await explained('')).toEqual([
    "JobResolver.rows refused a request with tenant_required: subdomain: host localhost is the base domain itself; session: no tenant's id yet",
  ]);
  await server.close();
});
