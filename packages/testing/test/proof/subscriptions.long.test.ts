import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import { Inject, Module } from '@nestjs/common';
import { Args, Field, GraphQLModule, ID, Mutation, ObjectType, Query, Resolver, Subscription } from '@nestjs/graphql';
import { MercuriusDriver, type MercuriusDriverConfig } from '@nestjs/mercurius';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { TenantGraphQLModule, TenantPubSub } from '@tenancy/core/graphql';
import { PubSub } from 'graphql-subscriptions';
import { describe, expect, it } from 'vitest';
import { createIsolationHarness, proveIsolation } from '../../src/index.js';
import { Jobs, jobsProvider, table, tenancy, withJobs } from './application.js';
import { found, verdicts } from './told.js';

const SUBSCRIPTION = 'graphql Subscription.jobChanged';

@ObjectType('Job')
class JobType {
  @Field(() => ID) id!: string;
  @Field(() => String) title!: string;
}

/** An application in which jobs are renamed, and told of: to the own tenant, or to everybody. */
async function prove(driver: 'Apollo' | 'Mercurius', isRight: boolean) {
  @Resolver(() => JobType)
  class JobResolver {
    constructor(
      @Inject(Jobs) private readonly jobs: Jobs,
      @Inject(TenantPubSub) private readonly pubSub: TenantPubSub,
    ) {}
    private get topics() {
      return isRight ? this.pubSub : this.pubSub.shared('jobs');
    }

    @Query(() => [JobType])
    allJobs() {
      return this.jobs.all();
    }

    // As TypeScript would emit it, which is not asked to here.
    @Reflect.metadata('design:paramtypes', [String])
    @Mutation(() => JobType)
    async renameJob(@Args('jobId', { type: () => ID }) jobId: string) {
      const job = this.jobs.all().find(({ id }) => id === jobId);
      if (!job) throw new Error('There is no such job.');
      job.title = `${job.title.split(' ')[0]} (renamed)`;
      await this.topics.publish('changed', { jobChanged: { ...job } });
      return job;
    }

    @Subscription(() => JobType)
    jobChanged() {
      return this.topics.asyncIterableIterator('changed');
    }
  }

  const graphql =
    driver === 'Apollo'
      ? GraphQLModule.forRoot<ApolloDriverConfig>({
          driver: ApolloDriver,
          autoSchemaFile: true,
          subscriptions: { 'graphql-ws': true },
        })
      : GraphQLModule.forRoot<MercuriusDriverConfig>({
          driver: MercuriusDriver,
          autoSchemaFile: true,
          subscription: true,
        });
  @Module({
    imports: [tenancy(), graphql, TenantGraphQLModule.forRoot()],
    providers: [JobResolver, { provide: TenantPubSub, useFactory: () => new TenantPubSub(new PubSub()) }, jobsProvider],
  })
  class AppModule {}
  const harness = await createIsolationHarness(AppModule, {
    ...(driver === 'Mercurius' && { adapter: () => new FastifyAdapter() }),
    ...withJobs(),
    seed: async ({ id: tenantId }, { canary, client }) => {
      const job = { id: crypto.randomUUID(), tenantId, title: canary('title') };
      table.push(job);
      // As users do it: by the application itself.
      const query = 'mutation ($jobId: ID!) { renameJob(jobId: $jobId) { title } }';
      await client.post('/graphql', { query, variables: { jobId: job.id } });
      return { job };
    },
  });
  try {
    return await proveIsolation(harness, {
      only: [SUBSCRIPTION],
      exempt: { [SUBSCRIPTION]: { worlds: 'not the subject' } },
    });
  } finally {
    await harness.close();
  }
}

describe.each(['Apollo', 'Mercurius'] as const)('a subscription of %s', (driver) => {
  it("whose topics are the tenant's is proven, without an example", async () => {
    const report = await prove(driver, true);
    expect(verdicts(report)[SUBSCRIPTION]).toBe('proven');
    const heard = report.entrances
      .find(({ entrance }) => entrance.id === SUBSCRIPTION)
      ?.attacks.find(({ attack }) => attack === 'overheard');
    expect(heard?.verdict).toBe('proven');
  });

  it("whose topics are everybody's is caught", async () => {
    expect(found(await prove(driver, false), SUBSCRIPTION).join('\n')).toMatch(
      /overheard: While the other worked, .* was seen/,
    );
  });
});
