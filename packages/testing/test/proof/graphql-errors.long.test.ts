import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import { Module } from '@nestjs/common';
import { GraphQLModule, Mutation, Query, Resolver } from '@nestjs/graphql';
import { expect, it } from 'vitest';
import { createIsolationHarness, proveIsolation } from '../../src/index.js';
import { jobsProvider, tenancy, withJobs } from './application.js';

@Resolver()
class SignInResolver {
  @Query(() => String)
  version() {
    return '1';
  }

  @Mutation(() => Boolean)
  signIn() {
    throw new Error('The password is wrong.');
  }
}

@Module({
  imports: [tenancy(), GraphQLModule.forRoot<ApolloDriverConfig>({ driver: ApolloDriver, autoSchemaFile: true })],
  providers: [SignInResolver, jobsProvider],
})
class AppModule {}

it('says why an operation of GraphQL did not work, which is answered with 200', async () => {
  await using harness = await createIsolationHarness(AppModule, withJobs());
  const id = 'graphql Mutation.signIn';
  const { entrances } = await proveIsolation(harness, { only: [id] });
  const result = entrances.find(({ entrance }) => entrance.id === id);
  expect(result?.verdict).toBe('unproven');
  expect(result?.attacks[0]?.why).toMatch(/answered with 200, .* It said: The password is wrong\. Give an example/);
});
