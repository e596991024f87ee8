import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import { Module } from '@nestjs/common';
import { GraphQLModule, Query, Resolver } from '@nestjs/graphql';
import { Test } from '@nestjs/testing';
import { PubSub } from 'graphql-subscriptions';
import { expect, it } from 'vitest';
import { TenantGraphQLModule, TenantPubSub, tenantLoader } from '../../src/graphql.js';
import { fromSubdomain, TenancyModule, TenantContext } from '../../src/index.js';
import { acme, globex, testRegistry } from '../server.js';

const context = new TenantContext();

it('S6: an iterator that is kept is refused to the next tenant, and goes on for the one that made it', async () => {
  const pubSub = new TenantPubSub(new PubSub());
  // In a field of the resolver: what `run` itself returns stays its tenant's, whoever reads it.
  let kept: AsyncIterableIterator<string> = undefined as never;
  context.run(acme, () => {
    kept = pubSub.asyncIterableIterator<string>('closed');
  });
  const first = context.run(acme, () => kept.next());
  await expect(context.run(globex, () => kept.next())).rejects.toMatchObject({ code: 'tenant_switch_refused' });
  await context.run(globex, () => pubSub.publish('closed', 'of globex'));
  await context.run(acme, () => pubSub.publish('closed', 'of acme'));
  expect(await first).toEqual({ value: 'of acme', done: false });
  const own = context.run(globex, () => pubSub.asyncIterableIterator<string>('closed'));
  const next = context.run(globex, () => own.next());
  await context.run(globex, () => pubSub.publish('closed', 'of globex'));
  expect(await next).toEqual({ value: 'of globex', done: false });
});

it("S6: an iterator of what is everybody's may be shared", async () => {
  const rates = new TenantPubSub(new PubSub()).shared('rates');
  const kept = context.run(acme, () => rates.asyncIterableIterator<number>('EUR'));
  const next = context.run(globex, () => kept.next());
  await rates.publish('EUR', 1.07);
  expect(await next).toEqual({ value: 1.07, done: false });
});

it("S6: another tenant's subscription is not ended by its number", async () => {
  const pubSub = new TenantPubSub(new PubSub());
  const heard: string[] = [];
  const id = await context.run(acme, () => pubSub.subscribe('closed', (job: string) => heard.push(job)));
  expect(() => context.run(globex, () => pubSub.unsubscribe(id))).toThrow('tenant_switch_refused');
  await context.run(acme, () => pubSub.publish('closed', 'one'));
  context.run(acme, () => pubSub.unsubscribe(id));
  await context.run(acme, () => pubSub.publish('closed', 'two'));
  expect(heard).toEqual(['one']);
});

it.each([[null], ['x'], [[]], [5]])('options %j are no options', (wrong) => {
  const refused = expect.objectContaining({ code: 'tenancy_misconfigured' });
  const tried = (make: () => unknown) => {
    try {
      return make();
    } catch (error) {
      return error;
    }
  };
  expect(tried(() => TenantGraphQLModule.forRoot(wrong as never))).toEqual(refused);
  expect(tried(() => new TenantPubSub(new PubSub(), wrong as never))).toEqual(refused);
});

it('K8: a loader that is promised is refused where it is asked for', () => {
  const names = tenantLoader(async () => ({}));
  expect(() => context.run(acme, names)).toThrow('Return the loader itself');
});

const tenancy = TenancyModule.forRoot({
  registry: testRegistry(),
  sources: [fromSubdomain({ baseDomain: 'localhost' })],
});

@Resolver()
class Hello {
  @Query(() => String)
  hello() {
    return 'hello';
  }
}

it.each([
  ['without TenancyModule', [TenantGraphQLModule.forRoot()], 'Import `TenancyModule.forRoot(…)` beside it'],
  ['as a class', [tenancy, TenantGraphQLModule], 'Import `TenantGraphQLModule.forRoot()`'],
  [
    "at GraphQL's own path",
    [tenancy, TenantGraphQLModule.forRoot({ eventStream: '/GraphQL/' })],
    'is the path of GraphQL',
  ],
])('the module is refused at start %s', async (_, imports, fix) => {
  @Module({
    imports: [...imports, GraphQLModule.forRoot<ApolloDriverConfig>({ driver: ApolloDriver, autoSchemaFile: true })],
    providers: [Hello],
  })
  class AppModule {}
  const start = async () => {
    const app = (await Test.createTestingModule({ imports: [AppModule] }).compile()).createNestApplication({
      logger: false,
    });
    await app.init();
  };
  await expect(start()).rejects.toThrow(fix);
});
