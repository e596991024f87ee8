import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import { Field, GraphQLModule, ObjectType, Query, ResolveField, Resolver } from '@nestjs/graphql';
import { MercuriusDriver, type MercuriusDriverConfig } from '@nestjs/mercurius';
import DataLoader from 'dataloader';
import { afterEach, describe, expect, it } from 'vitest';
import { ContextVariable } from '../../src/admin.js';
import { markLasting } from '../../src/context/lasting.js';
import { storage } from '../../src/context/storage.js';
import { tenantLoader } from '../../src/graphql.js';
import { fromSubdomain, TenancyModule, TenantContext } from '../../src/index.js';
import { acme, call, globex, serve, testRegistry } from '../server.js';

const context = new TenantContext();
const batches: { readonly tenant: string; readonly keys: readonly string[] }[] = [];
const companies = tenantLoader(
  () =>
    new DataLoader<string, string>(async (keys) => {
      const tenant = context.tenantId;
      batches.push({ tenant, keys });
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 3));
      return keys.map((key) => `${key} of ${tenant}`);
    }),
);
afterEach(() => {
  batches.length = 0;
});

@ObjectType()
class Job {
  @Field(() => String) id!: string;
  @Field(() => String) company!: string;
}

@Resolver(() => Job)
class JobResolver {
  @Query(() => [Job])
  jobs() {
    return ['1', '2', '3'].map((id) => ({ id }));
  }

  @ResolveField(() => String)
  async company() {
    await new Promise((resolve) => setImmediate(resolve));
    return companies().load('company_1');
  }
}

describe.each([
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
] as const)('tenantLoader with %s', (_, adapter, graphql) => {
  it('K8: interleaved requests of several tenants share no batch and no row, and each asks once', async () => {
    const server = await serve(adapter, {
      providers: [JobResolver],
      imports: [
        graphql(),
        TenancyModule.forRoot({ registry: testRegistry(), sources: [fromSubdomain({ baseDomain: 'localhost' })] }),
      ],
    });
    const tenants = Array.from({ length: 30 }, (_unused, i) => (i % 2 ? acme : globex));
    const answers = await Promise.all(
      tenants.map(({ slug }) =>
        call(server, `${slug}.localhost`, '/graphql', { body: { query: '{ jobs { company } }' } }),
      ),
    );
    await server.close();
    for (const [i, { body }] of answers.entries()) {
      const company = `company_1 of ${tenants[i]?.id}`;
      expect(body).toEqual({ data: { jobs: [{ company }, { company }, { company }] } });
    }
    // One each, of one key: a request has its own, and remembers what it has loaded.
    expect(batches.map(({ keys }) => keys)).toEqual(tenants.map(() => ['company_1']));
  });
});

describe('tenantLoader', () => {
  it('K8: is forgotten with the work that it was made in', async () => {
    const load = () => companies().load('company_1');
    await context.run(acme, () => Promise.all([load(), load()]));
    await context.run(acme, load);
    expect(batches).toHaveLength(2);
  });

  it('K8: keeps nothing in what lives long, beyond its batch', async () => {
    await context.run(acme, async () => {
      markLasting(storage.getStore() as never);
      const load = () => companies().load('company_1');
      await Promise.all([load(), load()]);
      await load();
    });
    expect(batches).toEqual([1, 2].map(() => ({ tenant: 't_acme', keys: ['company_1'] })));
  });

  it('K8: loads nothing with what is set for a part of the request', async () => {
    const region = new ContextVariable<string>();
    const seen: unknown[] = [];
    const regions = tenantLoader(
      () =>
        new DataLoader<string, string>(async (keys) => {
          seen.push(region.get());
          return keys.map(String);
        }),
    );
    await context.run(acme, () => Promise.all([region.run('eu', () => regions().load('a')), regions().load('a')]));
    expect(seen).toEqual(['eu', undefined]);
  });

  it('is refused outside any tenant, and without a function', () => {
    expect(() => companies()).toThrow(/tenant_context_missing/);
    expect(() => tenantLoader(undefined as never)).toThrow(/tenantLoader/);
  });
});
